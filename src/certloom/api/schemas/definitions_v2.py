"""Wire shapes of workflow definitions in version 2 of the API: several keys, roles with their names.

Source: workflow-definitions reference, 2.1 to 2.5.
"""

from typing import Any

from certloom.api.schemas.definitions import ConditionResponse
from certloom.api.schemas.wire import Wire

__all__ = [
    "DefinitionCreateRequestV2",
    "DefinitionListItemV2",
    "DefinitionResponseV2",
    "DefinitionUpdateRequestV2",
    "KeyResponse",
    "RoleReference",
    "SignalConfigurationResponseV2",
    "StepResponseV2",
]


class DefinitionCreateRequestV2(Wire, kw_only=True):
    """A new definition. ``Keys`` are ids or names; without any it is a draft that cannot be published yet."""

    display_name: str
    description: str
    workflow_type: str
    keys: list[str]
    enabled: bool | None = None


class DefinitionUpdateRequestV2(Wire, kw_only=True):
    """Name and description are replaced; so are the keys where they are given."""

    display_name: str
    description: str
    enabled: bool | None = None
    keys: list[str] | None = None


class KeyResponse(Wire, kw_only=True):
    """A key: the id of what the definition is for, and its name."""

    display_name: str | None
    value: str | None


class RoleReference(Wire, kw_only=True):
    """A role by id and name. In an exportable definition the id is null."""

    role_id: str | None
    role_name: str | None


class SignalConfigurationResponseV2(Wire, kw_only=True):
    """Who may send a signal."""

    signal_name: str
    roles: list[RoleReference]
    role_tokens: list[str]


class StepResponseV2(Wire, kw_only=True):
    """A step of a definition version."""

    id: str
    display_name: str
    unique_name: str
    extension_name: str
    enabled: bool
    configuration_parameters: dict[str, Any]
    signals: list[SignalConfigurationResponseV2]
    conditions: list[ConditionResponse]
    outputs: dict[str, str]


class DefinitionResponseV2(Wire, kw_only=True):
    """A definition with the steps of one of its versions."""

    id: str
    display_name: str
    description: str
    workflow_type: str
    keys: list[KeyResponse]
    enabled: bool
    is_published: bool
    steps: list[StepResponseV2]
    draft_version: int
    published_version: int | None


class DefinitionListItemV2(Wire, kw_only=True):
    """A definition in a list."""

    id: str
    display_name: str
    description: str
    keys: list[KeyResponse]
    workflow_type: str
    draft_version: int
    published_version: int | None
    enabled: bool
