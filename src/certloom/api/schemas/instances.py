"""Wire shapes of workflow instances. Source: workflow-instances reference, section 2."""

from typing import Any

from certloom.api.schemas.wire import Wire

__all__ = [
    "DefinitionReference",
    "InstanceListItem",
    "InstanceResponse",
    "InstanceSignal",
    "RestartRequest",
    "SignalRequest",
]


class DefinitionReference(Wire, kw_only=True):
    """The definition version an instance runs on."""

    id: str
    display_name: str | None
    version: int
    workflow_type: str | None


class InstanceSignal(Wire, kw_only=True):
    """A signal the current step takes, and whether one has come in."""

    signal_name: str | None
    step_signal_id: str
    signal_received: bool


class InstanceListItem(Wire, kw_only=True):
    """An instance in a list. ``status`` is a name or a number, as the base path or ``x-certloom-enums`` says."""

    id: str
    status: str | int
    current_step_id: str
    status_message: str | None
    definition: DefinitionReference
    current_step_display_name: str | None
    current_step_unique_name: str | None
    title: str | None
    last_modified: str | None
    start_date: str
    reference_id: int


class InstanceResponse(Wire, kw_only=True):
    """One instance with its signals and data."""

    id: str
    status: str | int
    current_step_id: str
    status_message: str | None
    signals: list[InstanceSignal] | None
    definition: DefinitionReference
    current_step_display_name: str | None
    current_step_unique_name: str | None
    title: str | None
    last_modified: str | None
    start_date: str
    initial_data: dict[str, Any] | None
    current_state_data: dict[str, Any] | None
    reference_id: int


class SignalRequest(Wire, kw_only=True):
    """A signal: ``SignalKey`` is ``<step unique name>.<signal name>``."""

    signal_key: str
    data: dict[str, Any]


class RestartRequest(Wire, kw_only=True):
    """Which version to restart on, by default the one in use. ``Reissue`` (ours) carries no certificate forward."""

    version: int | None = None
    reissue: bool = False
