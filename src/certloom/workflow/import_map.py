"""What an exported file cannot carry to another system, and how it is filled in: keys, roles, secrets.

Ids in a file belong to the system that wrote it. They are matched with the names in the map and never with ids here
(check D07).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from certloom.workflow.exported import ExportedDefinition, ExportedKey, ExportedRole, ExportedSignal, ExportedStep

__all__ = ["ImportMap", "filled", "unused_entries"]


class ImportMap(msgspec.Struct, frozen=True, kw_only=True):
    """From what a file says to what it is here.

    ``keys``: display name or id of a key in the file → name or id here. ``roles``: name or id of a role in the file →
    name of the role here. ``signals``: ``<step unique name>.<signal name>`` → names of the roles that may send it.
    ``secrets``: ``<step unique name>.<parameter>`` → the value. ``parameters``: step unique name → values by parameter.
    """

    keys: Mapping[str, str] = {}
    roles: Mapping[str, str] = {}
    signals: Mapping[str, tuple[str, ...]] = {}
    secrets: Mapping[str, str] = {}
    parameters: Mapping[str, Mapping[str, Any]] = {}


def filled(exported: ExportedDefinition, given: ImportMap) -> ExportedDefinition:
    """The definition with what the map says put in.

    A key with a ``value`` names something here by it, any other by its display name; so does a role by its name. What
    is left in ``role_ids`` is not in the map.
    """
    return replace(
        exported,
        key=UNSET,
        key_display_name=UNSET,
        keys=tuple(_key(key, given) for key in exported.covered),
        steps=tuple(_step(step, given) for step in exported.all_steps),
    )


def unused_entries(exported: ExportedDefinition, given: ImportMap) -> tuple[str, ...]:
    """The entries of the map that nothing in the file is called by: most likely misspelled."""
    steps = {step.unique_name.casefold() for step in exported.all_steps}
    known: dict[str, set[str]] = {
        "keys": {name for key in exported.covered for name in _names(key.display_name, key.value)},
        "roles": {name for step in exported.all_steps for name in _role_names(step)},
        "parameters": steps,
    }
    dotted = {"signals": given.signals, "secrets": given.secrets}
    plain = {"keys": given.keys, "roles": given.roles, "parameters": given.parameters}
    found = [
        f"{table}.{name}" for table, entries in plain.items() for name in entries if name.casefold() not in known[table]
    ]
    return (
        *found,
        *(f"{table}.{name}" for table, entries in dotted.items() for name in entries if _owner(name) not in steps),
    )


def _owner(name: str) -> str:
    return name.rpartition(".")[0].casefold()


def _names(*names: str | int | UnsetType | None) -> list[str]:
    return [str(name).casefold() for name in names if name is not None and name is not UNSET]


def _role_names(step: ExportedStep) -> Iterator[str]:
    for signal in step.signals or ():
        for role in signal.roles or ():
            yield from _names(role.role_name, role.role_id)
        yield from _names(*(signal.role_ids or ()))


def _here(entries: Mapping[str, Any], *names: str | int | UnsetType | None) -> Any:
    """What the map says about the first of these names that it knows; None where it knows none."""
    folded = {name.casefold(): value for name, value in entries.items()}
    return next((folded[name] for name in _names(*names) if name in folded), None)


def _key(key: ExportedKey, given: ImportMap) -> ExportedKey:
    here = _here(given.keys, key.display_name, key.value)
    return replace(key, value=UNSET if here is None else here)


def _step(step: ExportedStep, given: ImportMap) -> ExportedStep:
    values = _given_parameters(step.unique_name, given)
    spelled = {name.casefold(): name for name in step.parameters}
    named = {spelled.get(name.casefold(), name): value for name, value in values.items()}
    signals = tuple(_signal(step.unique_name, signal, given) for signal in step.signals or ())
    return replace(
        step,
        configuration_parameters={**step.parameters, **named},
        signals=(*signals, *_added_signals(step, given)),
    )


def _given_parameters(step: str, given: ImportMap) -> dict[str, Any]:
    values = dict(_here(given.parameters, step) or {})
    for place, value in given.secrets.items():
        if _owner(place) == step.casefold():
            values[place.rpartition(".")[2]] = value
    return values


def _signal(step: str, signal: ExportedSignal, given: ImportMap) -> ExportedSignal:
    named = _here(given.signals, f"{step}.{signal.signal_name}")
    if named is not None:
        return replace(signal, role_ids=UNSET, roles=_roles(named))
    mapped = [_here(given.roles, role.role_name, role.role_id) or role.role_name for role in signal.roles or ()]
    mapped += [_here(given.roles, role_id) for role_id in signal.role_ids or ()]
    left = tuple(role_id for role_id in signal.role_ids or () if _here(given.roles, role_id) is None)
    return replace(signal, role_ids=left, roles=_roles(name for name in mapped if name))


def _added_signals(step: ExportedStep, given: ImportMap) -> Iterator[ExportedSignal]:
    """Signals the map names roles for and the file leaves out."""
    there = {signal.signal_name.casefold() for signal in step.signals or ()}
    for place, names in given.signals.items():
        signal_name = place.rpartition(".")[2]
        if _owner(place) == step.unique_name.casefold() and signal_name.casefold() not in there:
            yield ExportedSignal(signal_name=signal_name, roles=_roles(names))


def _roles(names: Any) -> tuple[ExportedRole, ...]:
    return tuple(ExportedRole(role_name=name) for name in dict.fromkeys(names))
