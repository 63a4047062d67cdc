"""What a step sees of its instance: parameters, valid votes, and the request as it stands."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from certloom.operations.services import Services
from certloom.operations.signal_roles import roles_found
from certloom.store.accounts import list_roles, read_account_by_id, read_roles_of
from certloom.store.certificates import read_template
from certloom.workflow.approval import bind, votes_for
from certloom.workflow.definition import Definition, Step
from certloom.workflow.instance import Instance, ReceivedSignal
from certloom.workflow.parameters import TOKEN_MODE, Parameter, named_as_declared
from certloom.workflow.step import EffectStep, StepType, StepView
from certloom.workflow.token_modes import TextKind, expand, kind_of_media
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["step_view"]


async def step_view(services: Services, instance: Instance, definition: Definition, step: Step) -> StepView:
    """The view of ``step``, with votes that no longer count left out (check A10). Raises RoleUnresolved."""
    step_type = services.step_types[step.extension_name]
    workflow_type = services.workflow_types[definition.workflow_type]
    view = StepView(
        instance=instance,
        step=step.unique_name,
        parameters=_parameters(step_type, step, workflow_type, instance.data),
        votes=(),
        roles=(),
        request={},
        now=services.clock(),
        protected=_protected(workflow_type),
    )
    if not step_type.signals and not isinstance(step_type, EffectStep):
        # Only votes and effects are about the request; hashing it for every other step would cost more than the step.
        return view
    request = await _request(services, instance, definition)
    signal_roles = await roles_found(services, instance, definition, step)
    votes = votes_for(instance.signals, step.unique_name, request)
    return msgspec.structs.replace(
        view,
        votes=tuple([vote for vote in votes if await _still_counts(services, signal_roles, vote)]),
        roles=await _role_names(services, signal_roles),
        request=request,
        signal_roles=signal_roles,
    )


async def _request(services: Services, instance: Instance, definition: Definition) -> dict[str, str]:
    """Hashes of every field that decides what will be done; the template's document among them, for its validity."""
    fields = services.workflow_types[definition.workflow_type].request(instance.data)
    template = fields.get("Template")
    row = await read_template(services.database, str(template).casefold()) if template else None
    return bind(
        {
            **fields,
            "TemplateDocument": row.document if row else None,
            "Requester": instance.initiator_id,
            "DefinitionVersion": [definition.id, definition.version],
        }
    )


def _parameters(
    step_type: StepType, step: Step, workflow_type: WorkflowType, data: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters by their declared names: defaults where nothing is given, and every token replaced, once."""
    given = named_as_declared(step_type.parameters, step.parameters)
    named = workflow_type.tokens(data) if step_type.parameters else {}
    values = {}
    for one in step_type.parameters:
        value = given.get(one.name)
        values[one.name] = one.default if value is None else value
    kinds = {one.name: _kind(one, values) for one in step_type.parameters if one.tokens}
    replaced = {name: _replaced(values[name], named, kind) for name, kind in kinds.items()}
    return {name: value for name, value in (values | replaced).items() if value is not None}


def _kind(parameter: Parameter, values: Mapping[str, Any]) -> TextKind:
    if values.get(TOKEN_MODE.name) == "text":
        return TextKind.TEXT
    return kind_of_media(str(values.get(parameter.media_type) or "")) if parameter.media_type else parameter.text


@cache
def _protected(workflow_type: WorkflowType) -> frozenset[str]:
    return frozenset(key.name for key in workflow_type.data_keys if key.protected)


def _replaced(value: Any, data: Mapping[str, Any], kind: TextKind) -> Any:
    if isinstance(value, str):
        return expand(value, data, kind)
    if isinstance(value, dict):
        return {name: _replaced(item, data, kind) for name, item in value.items()}
    return [_replaced(item, data, kind) for item in value] if isinstance(value, list) else value


async def _still_counts(services: Services, signal_roles: Mapping[str, tuple[int, ...]], vote: ReceivedSignal) -> bool:
    account = await read_account_by_id(services.database, vote.account_id)
    if account is None or account.disabled:
        return False
    held = {role.id for role in await read_roles_of(services.database, vote.account_id)}
    return not held.isdisjoint(signal_roles.get(f"{vote.step}.{vote.name}", ()))


async def _role_names(services: Services, signal_roles: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    wanted = {role_id for role_ids in signal_roles.values() for role_id in role_ids}
    if not wanted:
        return ()
    return tuple(role.name for role in await list_roles(services.database) if role.id in wanted)
