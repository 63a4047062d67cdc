"""What a token's value looks like in the text it is put into: data, never structure (checks D01 to D03).

A value in a URL is percent-encoded, in JSON and HTML escaped, in a header without control characters. A step whose
``TokenMode`` is ``text`` gets the plain replacement of the workflow-definitions reference, 3.5, instead.
"""

import html
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from certloom.workflow.tokens import as_text, is_token, replace_tokens

__all__ = ["TextKind", "expand", "kind_of_media"]


class TextKind(StrEnum):
    """What a text is. It decides what in a value could be taken for structure."""

    TEXT = "text"
    URL = "url"
    FORM = "form"
    JSON = "json"
    HTML = "html"
    HEADER = "header"


def kind_of_media(media_type: str) -> TextKind:
    """The kind of a body of this media type (RFC 9110, section 8.3); XML is written like HTML."""
    name = media_type.partition(";")[0].strip().casefold()
    if name.endswith(("/json", "+json")):
        return TextKind.JSON
    if name.endswith(("/xml", "+xml")) or name == "text/html":
        return TextKind.HTML
    return TextKind.FORM if name == "application/x-www-form-urlencoded" else TextKind.TEXT


def expand(text: str, data: Mapping[str, Any], kind: TextKind) -> str:
    """``text`` with every token replaced by its value, written as data into a text of this kind.

    A URL that is one token stays whole, since there is nothing around it that the value could change.
    """
    if kind is TextKind.JSON:
        inside = _strings_of(text)
        return replace_tokens(text, data, lambda value, at: _in_json(value, text[:at], inside=inside(at)))
    if kind is TextKind.TEXT or (kind is TextKind.URL and is_token(text)):
        return replace_tokens(text, data)
    write = _WRITERS[kind]
    return replace_tokens(text, data, lambda value, _at: write(_encodable(as_text(value))))


def _in_url(value: str) -> str:
    return quote(value, safe="")


def _in_html(value: str) -> str:
    return html.escape(_DIRECTIONS.sub("", _UNPRINTABLE.sub("", value)))


def _in_header(value: str) -> str:
    return _DIRECTIONS.sub("", _BREAKS.sub(" ", value))


_WRITERS: Mapping[TextKind, Callable[[str], str]] = {
    TextKind.URL: _in_url,
    TextKind.FORM: _in_url,
    TextKind.HTML: _in_html,
    TextKind.HEADER: _in_header,
}
# Overrides and isolates let a value change how the text around it reads (UAX 9, section 2); letters need none of them.
_DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def _encodable(value: str) -> str:
    """The text without half characters, which JSON can name and UTF-8 cannot hold."""
    return value.encode("utf-8", "replace").decode()


def _in_json(value: Any, before: str, *, inside: bool) -> str:
    """Escaped text inside a string, a whole JSON value elsewhere. ``before`` is the text in front of the token.

    A text that is a serialized object or list, such as the stored answer of a service, is that object or list.
    """
    if not inside:
        return _value(_structure(value) if isinstance(value, str) else value)
    # A backslash in front would take the first character of the value into its escape.
    slashes = len(before) - len(before.rstrip("\\"))
    return "\\" * (slashes % 2) + json.dumps(_encodable(as_text(value)), ensure_ascii=False)[1:-1]


def _structure(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _value(value: Any) -> str:
    try:
        return json.dumps(value, default=list, allow_nan=False)
    except (ValueError, RecursionError):
        # A number without end can be computed and read, but JSON cannot say it.
        return "null"


def _strings_of(text: str) -> Callable[[int], bool]:
    """Whether a place of a JSON text is inside a string (RFC 8259, section 7)."""
    marks = [match.start() for match in _QUOTE.finditer(text) if match[0] == '"']
    return lambda at: bisect_left(marks, at) % 2 == 1


_QUOTE = re.compile(r'\\.|"', re.DOTALL)
