"""A definition as an exported file holds it, in the form of version 1 or of version 2 of the API.

Reading keeps what a file says: what was read is written again with the same members and values. Names and order of the
members: workflow-definitions reference, 2.3 to 2.5.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "ExportForm",
    "ExportedCondition",
    "ExportedDefinition",
    "ExportedKey",
    "ExportedRole",
    "ExportedSignal",
    "ExportedStep",
    "document_of",
    "unread_members",
]


class ExportForm(StrEnum):
    """How an exported definition is written."""

    V1 = "1"  # one key, roles by id
    V2 = "2"  # several keys, roles by name


class _Member(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A JSON object of an exported file. A member that is UNSET is not written."""


class ExportedRole(_Member, frozen=True, kw_only=True):
    """A role that may send a signal. Its id means nothing outside the system that wrote the file."""

    role_id: str | int | UnsetType | None = UNSET
    role_name: str | None = None


class ExportedSignal(_Member, frozen=True, kw_only=True):
    """Who may send a signal: ``role_ids`` in version 1, ``roles`` in version 2."""

    role_ids: tuple[int, ...] | UnsetType | None = UNSET
    signal_name: str
    roles: tuple[ExportedRole, ...] | UnsetType | None = UNSET
    role_tokens: tuple[str, ...] | UnsetType | None = UNSET


class ExportedCondition(_Member, frozen=True, kw_only=True):
    """A condition of a step."""

    id: str | UnsetType = UNSET
    value: str | None = None


class ExportedStep(_Member, frozen=True, kw_only=True):
    """A step. ``configuration_parameters`` are as they stand in the file, whatever the step type."""

    id: str | UnsetType = UNSET
    display_name: str | None = None
    unique_name: str
    extension_name: str
    enabled: bool = True
    configuration_parameters: dict[str, Any] | None = {}
    signals: tuple[ExportedSignal, ...] | None = ()
    conditions: tuple[ExportedCondition, ...] | None = ()
    outputs: dict[str, str] | None = {}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters; none where the file says null."""
        return self.configuration_parameters or {}


class ExportedKey(_Member, frozen=True, kw_only=True):
    """What a definition covers. ``value`` is an id of the system that wrote the file."""

    display_name: str | None = None
    value: str | UnsetType | None = UNSET


class ExportedDefinition(_Member, frozen=True, kw_only=True):
    """A definition with the steps of one version. ``is_global`` is ours: the built-in definition of its type."""

    id: str | UnsetType = UNSET
    display_name: str
    description: str | None = None
    workflow_type: str
    key: str | int | UnsetType | None = UNSET
    key_display_name: str | UnsetType | None = UNSET
    keys: tuple[ExportedKey, ...] | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    is_global: bool | UnsetType = UNSET
    is_published: bool | UnsetType = UNSET
    steps: tuple[ExportedStep, ...] | None = ()
    draft_version: int | UnsetType = UNSET
    published_version: int | UnsetType | None = UNSET

    @property
    def covered(self) -> tuple[ExportedKey, ...]:
        """The keys, whichever form names them."""
        if self.keys:
            return self.keys
        if not self.key and not self.key_display_name:
            return ()
        return (ExportedKey(display_name=self.key_display_name or None, value=str(self.key) if self.key else UNSET),)

    @property
    def all_steps(self) -> tuple[ExportedStep, ...]:
        """The steps; none where the file says null."""
        return self.steps or ()


_V1_ORDER = [
    "Id",
    "DisplayName",
    "Description",
    "Key",
    "KeyDisplayName",
    "IsPublished",
    "WorkflowType",
    "Steps",
    "DraftVersion",
    "PublishedVersion",
    "Enabled",
]


def document_of(exported: ExportedDefinition) -> dict[str, Any]:
    """The JSON object of an exported definition, its members in the order in which the API sends them."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(exported))
    if "Key" not in document:
        return document
    return {name: document[name] for name in _V1_ORDER if name in document} | document


def unread_members(given: object, exported: ExportedDefinition) -> tuple[str, ...]:
    """Where the file ``exported`` was read from holds members that mean nothing here, such as ``Steps[0].Colour``."""
    return tuple(_unread(given, document_of(exported), ""))


def _unread(given: object, read: object, place: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(read, dict):
        known = {name.casefold(): value for name, value in read.items()}
        for name, value in given.items():
            where = f"{place}.{name}" if place else name
            if name.casefold() in known:
                yield from _unread(value, known[name.casefold()], where)
            else:
                yield where
    elif isinstance(given, list) and isinstance(read, list):
        for number, (one, other) in enumerate(zip(given, read, strict=False)):
            yield from _unread(one, other, f"{place}[{number}]")
