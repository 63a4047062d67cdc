"""Workflow types: what starts a workflow, what its data holds, and what its votes are bound to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

import msgspec

__all__ = ["APPROVAL_COMMENTS", "DataKey", "Origin", "WorkflowType"]


class Origin(StrEnum):
    """How certain it is that the Keyfactor product has a key of this name and meaning."""

    MANUAL = "manual"  # its manual lists the key for this workflow type
    RECALLED = "recalled"  # its other answers have the name, but no public page lists the key
    OURS = "ours"  # our own


class DataKey(msgspec.Struct, frozen=True):
    """One key of the instance data of a type: its JSON type, what it means, and which step adds it (or the start).

    A key of the start is always there, one of a step once the step is done, or ``when`` it says. ``members`` names
    those of an object, or of every object in an array, where they are fixed. Scripts and answers from outside may
    replace a key unless it is ``protected``; what a step adds is. None holds a secret: secrets never enter the data.
    """

    name: str
    json_type: str
    meaning: str
    added_by: str = "start"
    tokens: tuple[str, ...] = ()
    fixed: bool = False
    origin: Origin = Origin.OURS
    members: tuple[str, ...] = ()
    when: str = ""

    @property
    def present(self) -> str:
        """When the key is there, in words."""
        return self.when or ("always" if self.added_by == "start" else f"after {self.added_by}")

    @property
    def protected(self) -> bool:
        """Whether nothing but the start and its own step may set it (check D06)."""
        return self.fixed or self.added_by != "start"


APPROVAL_COMMENTS = DataKey(
    "ApprovalSignalComments",
    "array",
    "what was signalled: by whom, when, the decision and the comment",
    "RequireApproval",
    ("approvalsignalcmnts",),
    members=("Step", "Signal", "User", "Time", "Approved", "Comment"),
    when="after the first vote; Comment only where there is one",
)
"""The key under which every type keeps what was signalled. The product has the token; the key's name is ours."""


class WorkflowType(ABC):
    """What a workflow type declares. One file per type; ``app.py`` lists them.

    ``closing_step`` is the extension name of the step every definition of the type must hold exactly once, and which
    is appended when absent; None where the type has none. ``key_type`` names the kind of things that its definitions
    are for, one of those that ``operations/definition_keys.py`` lists.
    """

    name: ClassVar[str]
    key_type: ClassVar[str]
    has_global_definition: ClassVar[bool]
    closing_step: ClassVar[str | None]
    data_keys: ClassVar[tuple[DataKey, ...]]

    def tokens(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data under all names a token may use: the further tokens of its keys, then the keys themselves."""
        further = {token: data[key.name] for key in self.data_keys for token in key.tokens if key.name in data}
        return {**further, **data}

    @abstractmethod
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        """What happens, in a sentence that starts with the initiator and ends with a full stop."""

    @abstractmethod
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of the data that decide what will be done: what votes are bound to."""
