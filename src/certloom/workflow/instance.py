"""An instance: one request on its way through the steps of a definition.

What stands here is folded from the instance's journal (``workflow/journal.py``); the row in the database is a
cache of it. Source of the names and meanings: workflow-instances reference, sections 2 and 5.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

__all__ = ["TERMINAL", "CarriedEffect", "Cursor", "DefinitionPin", "Instance", "Phase", "ReceivedSignal", "Status"]


class Status(StrEnum):
    """Where an instance stands, and whose turn it is."""

    RUNNING = "Running"  # ours: steps are being executed, or sleep until a set time
    SUSPENDED = "Suspended"  # people's: a step waits for a signal
    COMPLETE = "Complete"  # nobody's: the last step is done
    FAILED = "Failed"  # an administrator's: a step failed; may be restarted
    REJECTED = "Rejected"  # nobody's: denied by an approver or stopped by a manager
    CANCELED_FOR_RESTART = "CanceledForRestart"  # nobody's: a new instance took its place


TERMINAL = frozenset({Status.COMPLETE, Status.REJECTED, Status.CANCELED_FOR_RESTART})
"""The statuses nothing leads out of. Failed is not among them: it may be superseded by a restart."""


class Phase(StrEnum):
    """How far the step under the cursor has come."""

    STARTED = "started"  # its intent is recorded; whether it was performed is not known yet
    ASLEEP = "asleep"  # it is tried again at wake_at
    SUSPENDED = "suspended"  # it waits for signals
    WOKEN = "woken"  # it is due to be looked at again
    DONE = "done"  # completed or skipped; the cursor is about to move on


class DefinitionPin(msgspec.Struct, frozen=True):
    """The definition version an instance runs on, as it was when the instance started."""

    id: str
    display_name: str
    version: int
    workflow_type: str


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last step reached. There is one cursor per instance.

    ``output`` is set once the step is done; ``intent`` and ``key`` while one with an effect is in flight, also while it
    waits for its next attempt; ``since`` when the step first suspended.
    """

    step: str
    phase: Phase
    attempt: int = 0
    key: str | None = None
    intent: dict[str, Any] | None = None
    output: str | None = None
    since: datetime | None = None


class ReceivedSignal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A signal that was accepted, with who sent it and the digest of the request it was about."""

    step: str
    name: str
    account_id: int
    actor: str
    at: datetime
    data: dict[str, Any]
    digest: str | None = None


class CarriedEffect(msgspec.Struct, frozen=True):
    """What an instance that this one replaced had brought about and nobody can undo.

    ``request`` marks the request it was done for (``workflow/carried.py``).
    """

    step_type: str
    instance_id: str
    certificate_id: int
    request: str


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an instance after ``rev`` events.

    ``awaited`` are the keys of signals the current step waits for, ``awaited_roles`` the ids of the roles that may send
    each. ``bindings`` maps the digest of every request that
    was put to a vote onto the hashes of its fields.
    """

    id: str
    status: Status
    definition: DefinitionPin
    title: str
    initiator_id: int
    initiator: str
    started_at: datetime
    modified_at: datetime
    initial_data: dict[str, Any]
    data: dict[str, Any]
    rev: int
    message: str = ""
    cursor: Cursor | None = None
    awaited: tuple[str, ...] = ()
    awaited_roles: dict[str, tuple[int, ...]] = {}
    wake_at: datetime | None = None
    signals: tuple[ReceivedSignal, ...] = ()
    bindings: dict[str, dict[str, str]] = {}
    superseded_by: str | None = None
    carried: tuple[CarriedEffect, ...] = ()
