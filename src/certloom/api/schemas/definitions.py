"""Wire shapes of workflow definitions. Source: workflow-definitions reference, section 2."""

from typing import Any

from certloom.api.schemas.wire import Wire

__all__ = [
    "ConditionRequest",
    "ConditionResponse",
    "DefinitionCreateRequest",
    "DefinitionListItem",
    "DefinitionResponse",
    "DefinitionUpdateRequest",
    "DefinitionVersionQuery",
    "FindingsQuery",
    "ForceQuery",
    "RoleOfSignal",
    "SignalConfigurationRequest",
    "SignalConfigurationResponse",
    "StepRequest",
    "StepResponse",
]


class DefinitionCreateRequest(Wire, kw_only=True):
    """A new definition. ``Key`` is the id or the name of what it is for, such as a template."""

    display_name: str
    workflow_type: str
    key: str
    description: str | None = None
    enabled: bool | None = None


class DefinitionUpdateRequest(Wire, kw_only=True):
    """All fields are replaced: read first and send everything back."""

    display_name: str
    description: str | None = None
    enabled: bool | None = None


class RoleOfSignal(Wire, kw_only=True):
    """A role as version 2 answers with it."""

    role_id: int | None = None


class SignalConfigurationRequest(Wire, kw_only=True):
    """Who may send a signal. ``Roles`` is read too, so that steps read in version 2 keep their roles when saved."""

    signal_name: str
    role_ids: list[int] | None = None
    role_tokens: list[str] | None = None
    roles: list[RoleOfSignal] | None = None


class ConditionRequest(Wire, kw_only=True):
    """``True``, ``False`` or one token that yields one of them."""

    value: str | None = None


class StepRequest(Wire, kw_only=True):
    """A step as somebody wants it. The server gives it its id."""

    unique_name: str
    extension_name: str
    display_name: str | None = None
    enabled: bool = True
    configuration_parameters: dict[str, Any] | None = None
    signals: list[SignalConfigurationRequest] | None = None
    conditions: list[ConditionRequest] | None = None
    outputs: dict[str, str] | None = None


class SignalConfigurationResponse(Wire, kw_only=True):
    """Who may send a signal."""

    signal_name: str
    role_ids: list[int]
    role_tokens: list[str]


class ConditionResponse(Wire, kw_only=True):
    """A condition with its id."""

    id: str
    value: str | None


class StepResponse(Wire, kw_only=True):
    """A step of a definition version."""

    id: str
    display_name: str
    unique_name: str
    extension_name: str
    enabled: bool
    configuration_parameters: dict[str, Any]
    signals: list[SignalConfigurationResponse]
    conditions: list[ConditionResponse]
    outputs: dict[str, str]


class DefinitionResponse(Wire, kw_only=True):
    """A definition with the steps of one of its versions."""

    id: str
    display_name: str
    description: str
    key: str | None
    key_display_name: str | None
    is_published: bool
    workflow_type: str
    steps: list[StepResponse]
    draft_version: int
    published_version: int | None
    enabled: bool


class DefinitionListItem(Wire, kw_only=True):
    """A definition in a list."""

    id: str
    display_name: str
    key: str | None
    key_display_name: str | None
    workflow_type: str
    draft_version: int
    published_version: int | None
    enabled: bool


class DefinitionVersionQuery(Wire, kw_only=True):
    """Which version; absent means the newest. ``exportable``: as an exported file, without secrets and ids of roles."""

    definition_version: int | None = None
    exportable: bool = False


class FindingsQuery(Wire, kw_only=True):
    """Which version; absent means the newest."""

    definition_version: int | None = None


class ForceQuery(Wire, kw_only=True):
    """Whether instances may start at once for what waits."""

    force: bool = False
