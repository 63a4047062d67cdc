"""Whose signals a step takes: roles the definition names by id, and roles its tokens stand for.

Tokens are resolved when the step is reached; the wait keeps what was found, whatever is renamed afterwards. Source:
workflow-definitions reference, 2.5.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from certloom.errors import Invalid
from certloom.operations.services import Services
from certloom.store.accounts import RoleRow, list_roles
from certloom.workflow.definition import Definition, SignalConfiguration, Step
from certloom.workflow.instance import Instance
from certloom.workflow.tokens import is_token, lookup, replace_tokens

__all__ = ["RoleUnresolved", "roles_at", "roles_found"]


class RoleUnresolved(Invalid):
    """A role token of a step stands for no role."""


def roles_at(instance: Instance, step: Step) -> Mapping[str, tuple[int, ...]]:
    """The ids of the roles that may send each signal of ``step``, by signal key, without looking anything up.

    Those the wait was begun with where the instance stands there; elsewhere those the definition names by id.
    """
    if instance.awaited_roles and instance.cursor is not None and instance.cursor.step == step.unique_name:
        return instance.awaited_roles
    return _joined(step, {})


async def roles_found(
    services: Services, instance: Instance, definition: Definition, step: Step
) -> Mapping[str, tuple[int, ...]]:
    """The same, with the tokens of a step that is reached now resolved. Raises RoleUnresolved."""
    known = roles_at(instance, step)
    if known is instance.awaited_roles or not any(signal.role_tokens for signal in step.signals):
        return known
    data = services.workflow_types[definition.workflow_type].tokens(instance.data)
    roles = await list_roles(services.database)
    return _joined(step, {token: _resolved(token, data, roles) for token in _tokens(step)})


def _tokens(step: Step) -> Iterator[str]:
    return (token for signal in step.signals for token in signal.role_tokens)


def _joined(step: Step, resolved: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for signal in step.signals:
        found.setdefault(f"{step.unique_name}.{signal.signal_name}", set()).update(_ids(signal, resolved))
    return {key: tuple(sorted(ids)) for key, ids in found.items()}


def _ids(signal: SignalConfiguration, resolved: Mapping[str, tuple[int, ...]]) -> set[int]:
    return {*signal.role_ids, *(role_id for token in signal.role_tokens for role_id in resolved.get(token, ()))}


def _resolved(token: str, data: Mapping[str, Any], roles: list[RoleRow]) -> tuple[int, ...]:
    """The roles a token stands for: a name or id, or a list of such. Every one of them must exist."""
    value = lookup(token[2:-1], data) if is_token(token) else replace_tokens(token, data)
    wanted = value if isinstance(value, list | tuple) else [value]
    by_id, by_name = {str(role.id): role.id for role in roles}, {role.name_key: role.id for role in roles}
    found = []
    for one in wanted:
        text = str("" if one is None else one).strip()
        role_id = by_id.get(text) or by_name.get(text.casefold())
        if role_id is None:
            raise RoleUnresolved(
                f"the role token {token!r} stands for {text[:100]!r}, which is neither the id nor the name of a role. "
                "Look at what set it, or name roles by id; then restart the instance."
            )
        found.append(role_id)
    if not found:
        raise RoleUnresolved(f"the role token {token!r} stands for no role at all. Look at what set it.")
    return tuple(found)
