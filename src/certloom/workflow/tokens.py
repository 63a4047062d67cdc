"""Tokens: ``$(name)`` in a text stands for a value of the instance's data.

Replacement happens once: a value that itself looks like a token stays as it is (check D01). Source:
workflow-definitions reference, 3.5.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["as_text", "is_token", "lookup", "replace_tokens"]

Write = Callable[[Any, int], str]
"""Writes a token's value for the place it stands in: the value, and where in the text the token begins."""

_TOKEN = re.compile(r"\$\(([^()$]{1,200})\)")
_PATH = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


def is_token(text: str) -> bool:
    """Whether ``text`` is one token and nothing else."""
    return _TOKEN.fullmatch(text) is not None


def replace_tokens(text: str, data: Mapping[str, Any], write: Write | None = None) -> str:
    """``text`` with every token replaced by what ``write`` makes of its value.

    Without ``write`` the values stand there as they are, and an unknown token becomes nothing.
    """
    if write is None:
        return _TOKEN.sub(lambda match: as_text(lookup(match[1], data)), text)
    return _TOKEN.sub(lambda match: write(lookup(match[1], data), match.start()), text)


def lookup(token: str, data: Mapping[str, Any]) -> Any:
    """The value a token's name stands for: a name, ``metadata:Field``, or a path such as ``Response.value[0].mail``.

    Names are found ignoring case. Returns None where there is no such value.
    """
    name = token.strip()
    if name.casefold().startswith("metadata:"):
        return _member(data.get("Metadata"), name[len("metadata:") :])
    whole = _member(data, name)
    if whole is not None:
        return whole
    parts = _PATH.findall(name)
    # A name without parts, such as a dot, would otherwise stand for all of the data.
    value: Any = data if parts else None
    for member, index in parts:
        value = _element(value, int(index)) if index else _member(value, member)
    return value


def _member(value: Any, name: str) -> Any:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        value = _parsed(value)
    if not isinstance(value, Mapping):
        return None
    if name in value:
        return value[name]
    folded = name.casefold()
    return next((member for key, member in value.items() if key.casefold() == folded), None)


def _element(value: Any, index: int) -> Any:
    if isinstance(value, str) and value[:1] == "[":
        value = _parsed(value)
    return value[index] if isinstance(value, list | tuple) and index < len(value) else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_text(value: Any) -> str:
    """A value as a text shows it: nothing for none, JSON for what is no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    return json.dumps(value, ensure_ascii=False, default=list)
