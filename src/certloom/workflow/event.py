"""Events: everything that can happen to an instance, as frozen records. The journal is a list of them."""

from datetime import datetime
from typing import Any

import msgspec

from certloom.workflow.instance import CarriedEffect, DefinitionPin

__all__ = [
    "Event",
    "InstanceCompleted",
    "InstanceRejected",
    "InstanceStarted",
    "InstanceSuperseded",
    "SignalReceived",
    "StepCompleted",
    "StepFailed",
    "StepRetried",
    "StepRetryScheduled",
    "StepSkipped",
    "StepStarted",
    "StepSuspended",
    "StepWoken",
]


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    at: datetime


class InstanceStarted(_Event, frozen=True, kw_only=True):
    """A request came in and found its definition, or a manager had an instance begin again.

    ``restarted`` is the id of the instance it replaces, ``carried`` what that one and those before it brought about.
    """

    id: str
    definition: DefinitionPin
    title: str
    initiator_id: int
    initiator: str
    data: dict[str, Any]
    restarted: str | None = None
    carried: tuple[CarriedEffect, ...] = ()


class StepStarted(_Event, frozen=True, kw_only=True):
    """A step with an effect is about to be performed: the intent is recorded before anything is done."""

    step: str
    attempt: int
    key: str
    intent: dict[str, Any]


class StepSkipped(_Event, frozen=True, kw_only=True):
    """A condition of the step was not true, or the step is disabled."""

    step: str
    condition: str


class StepCompleted(_Event, frozen=True, kw_only=True):
    """A step is done: ``values`` go into the instance's data, ``output`` names the way onwards.

    ``messages`` are the step's remarks.
    """

    step: str
    output: str = "continue"
    values: dict[str, Any] = {}
    messages: tuple[str, ...] = ()


class StepRetryScheduled(_Event, frozen=True, kw_only=True):
    """A step could not be performed now and is tried again at ``wake_at``."""

    step: str
    attempt: int
    wake_at: datetime
    failure: str


class StepSuspended(_Event, frozen=True, kw_only=True):
    """A step waits for signals. ``binding`` hashes every field of the request that votes are bound to.

    ``roles`` are the ids of the roles whose holders may send each signal, found when the step was reached.
    """

    step: str
    signals: tuple[str, ...]
    message: str
    wake_at: datetime | None = None
    binding: dict[str, str] | None = None
    roles: dict[str, tuple[int, ...]] = {}


class StepWoken(_Event, frozen=True, kw_only=True):
    """A sleeping or suspended step is looked at again."""

    step: str
    reason: str


class SignalReceived(_Event, frozen=True, kw_only=True):
    """Somebody sent a signal the current step waits for.

    ``binding`` hashes the fields of the request a vote is about, where that is not the one the step suspended with.
    """

    step: str
    name: str
    account_id: int
    actor: str
    data: dict[str, Any]
    digest: str | None = None
    binding: dict[str, str] | None = None


class StepFailed(_Event, frozen=True, kw_only=True):
    """A step could not be done, and will not be tried again by itself."""

    step: str
    message: str


class StepRetried(_Event, frozen=True, kw_only=True):
    """A manager had the failed step tried again."""

    step: str
    actor: str


class InstanceCompleted(_Event, frozen=True, kw_only=True):
    """The last step is done."""

    message: str = ""


class InstanceRejected(_Event, frozen=True, kw_only=True):
    """The outcome of ``step``, or a manager's Stop at it, ended the instance. Older journals do not name the step."""

    actor: str
    reason: str
    step: str | None = None


class InstanceSuperseded(_Event, frozen=True, kw_only=True):
    """A restart put a new instance in this one's place."""

    new_id: str
    actor: str


Event = (
    InstanceStarted
    | StepStarted
    | StepSkipped
    | StepCompleted
    | StepRetryScheduled
    | StepSuspended
    | StepWoken
    | SignalReceived
    | StepFailed
    | StepRetried
    | InstanceCompleted
    | InstanceRejected
    | InstanceSuperseded
)
