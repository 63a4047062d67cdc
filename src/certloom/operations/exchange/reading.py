"""What a file says, in terms of this installation: keys and roles by name, steps as drafts.

Ids in a file mean nothing here, and a reference to a secret could be anybody's: both are left out (check D07).
"""

from collections.abc import Iterator, Mapping

import msgspec

from certloom.operations.definition_keys import find_keys
from certloom.operations.definition_steps import StepDraft
from certloom.operations.services import Services
from certloom.store.accounts import list_roles
from certloom.workflow.definition import SignalConfiguration
from certloom.workflow.exported import ExportedDefinition, ExportedSignal, ExportedStep
from certloom.workflow.fault import Fault
from certloom.workflow.parameters import DataType, declared_as

__all__ = ["ReadDefinition", "plain_secrets", "read_definition_file"]


class ReadDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A definition somebody wants. ``unresolved`` is what the file names and is not here."""

    workflow_type: str
    keys: tuple[str, ...]
    drafts: tuple[StepDraft, ...]
    unresolved: tuple[Fault, ...]


async def read_definition_file(services: Services, exported: ExportedDefinition) -> ReadDefinition:
    """A filled file, with the ids of the keys and roles that it names."""
    roles = {role.name_key: role.id for role in await list_roles(services.database)}
    workflow_type = _workflow_type(services, exported.workflow_type)
    keys, unknown = await _keys(services, workflow_type, exported)
    unresolved = [*unknown]
    for step in exported.all_steps:
        unresolved += [*_unknown_roles(step, roles), *_foreign_secrets(services, step)]
    return ReadDefinition(
        workflow_type=workflow_type,
        keys=keys,
        drafts=tuple(_draft(services, step, roles) for step in exported.all_steps),
        unresolved=tuple(unresolved),
    )


def _workflow_type(services: Services, given: str) -> str:
    return next((name for name in services.workflow_types if name.casefold() == given.strip().casefold()), given)


async def _keys(
    services: Services, workflow_type: str, exported: ExportedDefinition
) -> tuple[tuple[str, ...], list[Fault]]:
    wanted = [str(key.value or key.display_name) for key in exported.covered if key.value or key.display_name]
    if workflow_type not in services.workflow_types:
        return (), []
    found = await find_keys(services, workflow_type, wanted)
    text = "{!r} is not {}. Name one in [keys] of the map"
    return found.ids, [Fault("", "Keys", "key-unknown", text.format(key[:100], found.known)) for key in found.unknown]


def _draft(services: Services, step: ExportedStep, roles: Mapping[str, int]) -> StepDraft:
    secrets = _secret_names(services, step)
    return StepDraft(
        unique_name=step.unique_name,
        display_name=step.display_name or "",
        extension_name=step.extension_name,
        enabled=step.enabled,
        parameters={
            name: value if name not in secrets or (isinstance(value, str) and value) else None
            for name, value in step.parameters.items()
        },
        signals=tuple(_configuration(signal, roles) for signal in step.signals or ()),
        conditions=tuple(condition.value or "" for condition in step.conditions or ()),
        outputs=step.outputs or {},
    )


def _configuration(signal: ExportedSignal, roles: Mapping[str, int]) -> SignalConfiguration:
    names = (str(role.role_name).strip().casefold() for role in signal.roles or ())
    ids = dict.fromkeys(roles[name] for name in names if name in roles)
    return SignalConfiguration(signal.signal_name, tuple(ids), tuple(signal.role_tokens or ()))


def _unknown_roles(step: ExportedStep, roles: Mapping[str, int]) -> Iterator[Fault]:
    for signal in step.signals or ():
        named = [role.role_name for role in signal.roles or () if role.role_name]
        strange = [name for name in named if name.strip().casefold() not in roles]
        for name in (*strange, *(f"with id {role_id}" for role_id in signal.role_ids or ())):
            text = f"role {name} of the file is not here. Name one in [roles] or [signals] of the map"
            yield Fault(step.unique_name, f"Signals.{signal.signal_name}", "role-unknown", text)


def _secret_names(services: Services, step: ExportedStep) -> set[str]:
    """The names, as the file spells them, of parameters that are secrets."""
    folded = step.extension_name.casefold()
    step_type = next((one for name, one in services.step_types.items() if name.casefold() == folded), None)
    if step_type is None:
        return set()
    declared = {name: declared_as(step_type.parameters, name) for name in step.parameters}
    return {name for name, one in declared.items() if one is not None and one.data_type is DataType.SECRET}


def _foreign_secrets(services: Services, step: ExportedStep) -> Iterator[Fault]:
    for name in sorted(_secret_names(services, step)):
        if isinstance(step.parameters[name], dict | list):
            text = "refers to a secret of another system. Give the secret itself in [secrets] of the map"
            yield Fault(step.unique_name, f"ConfigurationParameters.{name}", "secret-foreign", text)


def plain_secrets(services: Services, exported: ExportedDefinition) -> tuple[tuple[str, str], ...]:
    """Where a file holds a secret in the clear: step and parameter."""
    return tuple(
        (step.unique_name, name)
        for step in exported.all_steps
        for name in sorted(_secret_names(services, step))
        if isinstance(step.parameters[name], str) and step.parameters[name]
    )
