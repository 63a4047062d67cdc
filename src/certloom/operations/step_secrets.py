"""Secrets of steps: sealed when a definition is saved, kept where they are meant to stay, forgotten when unused.

See ``workflow/secret.py`` for what may stand in a secret parameter.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.operations.secret_sources import SecretUnusable, opened
from certloom.operations.services import Services
from certloom.store.definitions import read_versions
from certloom.store.moments import text_of
from certloom.store.rows import Delete, Insert, Write
from certloom.store.secrets import SecretRow, secret_ids
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault
from certloom.workflow.secret import Secret, read_secret, redirected_secrets, sealed_ids, secret_parameters, sent_fault

__all__ = [
    "HeldSecret",
    "held_secrets",
    "redirected_faults",
    "seal_secrets",
    "secret_points",
    "sent_faults",
    "unused_secrets",
]


class HeldSecret(msgspec.Struct, frozen=True):
    """A secret parameter of a step, and where its value comes from (None: it has none)."""

    step: str
    parameter: str
    secret: Secret | None


def sent_faults(services: Services, steps: Sequence[Step]) -> tuple[Fault, ...]:
    """What is wrong with the values that somebody sent for secrets."""
    found = (
        (step.unique_name, parameter.name, sent_fault(step.parameters[name]))
        for step in steps
        for name, parameter in secret_parameters(step, services.step_types.get(step.extension_name)).items()
    )
    return tuple(
        Fault(step, f"ConfigurationParameters.{name}", "secret-invalid", text) for step, name, text in found if text
    )


def seal_secrets(
    services: Services, definition_id: str, steps: Sequence[Step], before: Sequence[Step]
) -> tuple[tuple[Step, ...], tuple[Write, ...]]:
    """The steps with references in place of plain secrets, and the writes that keep those.

    Null keeps what the step of the same unique name and type held ``before``; an empty text clears it.
    """
    held = _by_name_and_type(before)
    kept: list[Step] = []
    rows: list[SecretRow] = []
    for step in steps:
        secrets = secret_parameters(step, services.step_types.get(step.extension_name))
        earlier = held.get(_name_and_type(step))
        values = dict(step.parameters)
        for name, parameter in secrets.items():
            values[name] = _kept(services, earlier, parameter.name, values[name])
            if isinstance(values[name], str):
                rows.append(_sealed(services, definition_id, step.unique_name, parameter.name, values[name]))
                values[name] = {"Sealed": rows[-1].id}
        kept.append(msgspec.structs.replace(step, parameters=values) if secrets else step)
    return tuple(kept), tuple(Insert(row) for row in rows)


def redirected_faults(services: Services, steps: Sequence[Step], before: Sequence[Step]) -> tuple[Fault, ...]:
    """Secrets that the steps would keep from ``before`` and send to another server than they were given for."""
    held = _by_name_and_type(before)
    found: list[Fault] = []
    for step in steps:
        step_type, earlier = services.step_types.get(step.extension_name), held.get(_name_and_type(step))
        moved = redirected_secrets(step, earlier, step_type) if earlier else frozenset()
        for name, secret in secret_parameters(step, step_type).items():
            if step.parameters[name] is None and secret.name in moved:
                text = (
                    f"is kept for the server it was given for, and {' or '.join(secret.sent_to)} leads to another one. "
                    'Give the secret again, or "" for none'
                )
                found.append(
                    Fault(step.unique_name, f"ConfigurationParameters.{secret.name}", "secret-redirected", text)
                )
    return tuple(found)


def _by_name_and_type(steps: Sequence[Step]) -> dict[tuple[str, str], Step]:
    return {_name_and_type(step): step for step in steps}


def _name_and_type(step: Step) -> tuple[str, str]:
    return step.unique_name.casefold(), step.extension_name


def _kept(services: Services, earlier: Step | None, parameter: str, value: Any) -> Any:
    """What stands for a value: a text that is to be sealed, a reference, or None."""
    if value is None and earlier is not None:
        known = secret_parameters(earlier, services.step_types.get(earlier.extension_name))
        return next((earlier.parameters[name] for name, one in known.items() if one.name == parameter), None)
    secret = read_secret(value)
    if secret is not None and secret.kind != "Provider":
        return {secret.kind: secret.which}
    return value or None


def _sealed(services: Services, definition_id: str, step: str, parameter: str, plain: str) -> SecretRow:
    now = services.clock()
    row = SecretRow(
        id=str(uuid7(now)),
        definition_id=definition_id,
        step=step,
        parameter=parameter,
        sealed=b"",
        created_at=text_of(now),
    )
    return msgspec.structs.replace(row, sealed=services.seal.seal(plain.encode(), row.purpose))


async def unused_secrets(
    services: Services, definition_id: str, version: int, steps: Sequence[Step]
) -> tuple[Write, ...]:
    """The writes that forget what no version refers to any more once ``version`` has these steps."""
    versions = {**await read_versions(services.database, definition_id), version: tuple(steps)}
    used = {secret_id for each in versions.values() for step in each for secret_id in sealed_ids(step)}
    known = await secret_ids(services.database, definition_id)
    return tuple(Delete(SecretRow, (secret_id,)) for secret_id in sorted(known - used))


def held_secrets(services: Services, steps: Sequence[Step]) -> tuple[HeldSecret, ...]:
    """Every secret parameter of the steps, without its value."""
    return tuple(
        HeldSecret(step.unique_name, parameter.name, read_secret(step.parameters[name]))
        for step in steps
        for name, parameter in secret_parameters(step, services.step_types.get(step.extension_name)).items()
    )


async def secret_points(services: Services, definition_id: str, steps: Sequence[Step]) -> tuple[Fault, ...]:
    """Secrets that could not be opened if the steps ran now."""
    points: list[Fault] = []
    for held in held_secrets(services, steps):
        if held.secret is not None:
            try:
                await opened(services, definition_id, held.step, held.secret)
            except SecretUnusable as error:
                field = f"ConfigurationParameters.{held.parameter}"
                points.append(Fault(held.step, field, "secret-unusable", error.message.rstrip(".")))
    return tuple(points)
