"""The form in which definitions are kept in Git: no ids, no version numbers, everything in one order.

What differs between two of them differs in what the definition does or says. It is version 2 of the exported form with
members left out, so that what reads an exported file reads it as well.
"""

import difflib
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from certloom.workflow.exported import ExportedDefinition, ExportedKey, ExportedRole, ExportedStep, document_of

__all__ = ["PlaceDifference", "differences", "file_names", "kept_form", "text_of_document"]


def kept_form(exported: ExportedDefinition) -> ExportedDefinition:
    """The definition without what is only true where it comes from, in the one order."""
    names = sorted({key.display_name for key in exported.covered if key.display_name})
    return replace(
        exported,
        id=UNSET,
        key=UNSET,
        key_display_name=UNSET,
        draft_version=UNSET,
        published_version=UNSET,
        keys=tuple(ExportedKey(display_name=name) for name in names),
        steps=tuple(_step(step) for step in _in_order(exported.all_steps)),
    )


def _in_order(steps: Sequence[ExportedStep]) -> list[ExportedStep]:
    """The steps as they follow each other; those nothing leads to come by name."""
    by_name = {step.unique_name: step for step in steps}
    targets = {target for step in steps for target in (step.outputs or {}).values()}
    todo = sorted((name for name in by_name if name not in targets), reverse=True)
    ordered: dict[str, ExportedStep] = {}
    while todo:
        name = todo.pop()
        if name in by_name and name not in ordered:
            ordered[name] = by_name[name]
            todo.extend(target for _, target in sorted((by_name[name].outputs or {}).items(), reverse=True))
    return [*ordered.values(), *(by_name[name] for name in sorted(by_name.keys() - ordered.keys()))]


def _step(step: ExportedStep) -> ExportedStep:
    signals = sorted(step.signals or (), key=lambda signal: signal.signal_name)
    return replace(
        step,
        id=UNSET,
        configuration_parameters=dict(sorted(step.parameters.items())),
        signals=tuple(replace(signal, role_ids=UNSET, roles=_roles(signal.roles or ())) for signal in signals),
        conditions=tuple(replace(condition, id=UNSET) for condition in step.conditions or ()),
        outputs=dict(sorted((step.outputs or {}).items())),
    )


def _roles(roles: Any) -> tuple[ExportedRole, ...]:
    return tuple(ExportedRole(role_name=name) for name in sorted({role.role_name for role in roles if role.role_name}))


def text_of_document(exported: ExportedDefinition) -> str:
    """The file's text: JSON with a member a line."""
    return json.dumps(document_of(exported), indent=2, ensure_ascii=False) + "\n"


def file_names(definitions: Sequence[ExportedDefinition]) -> list[str]:
    """A file name for each, from its type and display name. Names that look alike get a part of their hash."""
    plain = [_plain_name(one) for one in definitions]
    counts = Counter(name.casefold() for name in plain)
    return [
        f"{name}-{_hash(one)}.json" if counts[name.casefold()] > 1 else f"{name}.json"
        for name, one in zip(plain, definitions, strict=True)
    ]


def _plain_name(definition: ExportedDefinition) -> str:
    kind, words = (
        _SEPARATING.sub("-", text).strip("-") for text in (definition.workflow_type, definition.display_name)
    )
    return f"{kind}-{words[:_LONGEST_NAME] or _hash(definition)}"


_LONGEST_NAME = 100
_SEPARATING = re.compile(r"[^A-Za-z0-9]+")


def _hash(definition: ExportedDefinition) -> str:
    return hashlib.sha256(definition.display_name.encode()).hexdigest()[:8]


class PlaceDifference(msgspec.Struct, frozen=True):
    """What stands at one place here and in the file, as lines; no lines where nothing stands."""

    place: str
    here: tuple[str, ...]
    file: tuple[str, ...]

    def lines(self) -> list[str]:
        """The difference, with ``-`` before what is here and ``+`` before what is in the file."""
        if max(len(self.here), len(self.file)) <= 1:
            return [*(f"- {line}" for line in self.here), *(f"+ {line}" for line in self.file)]
        compared = difflib.unified_diff(self.here, self.file, n=2, lineterm="")
        return [line for line in compared if not line.startswith(("---", "+++"))]


def differences(here: ExportedDefinition, file: ExportedDefinition) -> tuple[PlaceDifference, ...]:
    """Every place in which two definitions of the kept form differ; null and absent are the same."""
    ours, theirs = (dict(_places(document_of(one), "")) for one in (here, file))
    return tuple(
        PlaceDifference(place, ours.get(place, ()), theirs.get(place, ()))
        for place in dict.fromkeys((*ours, *theirs))
        if ours.get(place) != theirs.get(place)
    )


def _places(value: Any, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _places(item, f"{place}.{name}" if place else name)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _places(item, f"{place}.{item.get('UniqueName', number)}")
    elif value is not None and value != []:
        yield place, _lines(value)


def _lines(value: Any) -> tuple[str, ...]:
    """A text of several lines as these, everything else as JSON, so that different values have different lines."""
    several = isinstance(value, str) and "\n" in value
    return tuple(value.split("\n")) if several else (json.dumps(value, ensure_ascii=False),)
