"""The same request again: answered by the instance that it started the first time, or taken as a new one."""

from datetime import timedelta

import msgspec

from certloom.operations.services import Services
from certloom.store.change import ABSENT, Expect
from certloom.store.instances import read_instance
from certloom.store.moments import moment
from certloom.store.repeats import RepeatRow, read_repeat
from certloom.store.revocations import read_revocation
from certloom.workflow.instance import Instance, Status

__all__ = ["Repeat", "repeat_of"]


class Repeat(msgspec.Struct, frozen=True):
    """The instance that answers a request, or None and what must still hold when a new one is started for it."""

    answered_by: str | None
    guards: tuple[Expect, ...]


async def repeat_of(services: Services, fingerprint: str, *, strict: bool) -> Repeat:
    """Look for the instance that an equal request within ``repeat_minutes`` started.

    ``strict`` requests are one for sure, also at the same moment; of others only those that wait for people are joined.
    """
    known = await read_repeat(services.database, fingerprint)
    instance = None if known is None else await _answering(services, known)
    if instance is not None and (
        instance.status is Status.SUSPENDED if not strict else await _answers(services, instance)
    ):
        return Repeat(instance.id, ())
    guard = Expect(RepeatRow, (fingerprint,), "instance_id", known.instance_id if known else ABSENT)
    return Repeat(None, (guard,) if strict else ())


async def _answering(services: Services, known: RepeatRow) -> Instance | None:
    """The instance that answers a repeat: the one it started, or the one a restart put in its place."""
    if moment(known.at) + timedelta(minutes=services.settings.repeat_minutes) < services.clock():
        return None
    instance = await read_instance(services.database, known.instance_id)
    while instance is not None and instance.superseded_by is not None:
        instance = await read_instance(services.database, instance.superseded_by)
    return instance


async def _answers(services: Services, instance: Instance) -> bool:
    certificate_id = instance.data.get("KeyfactorId")
    if certificate_id is None:
        return instance.status not in {Status.FAILED, Status.REJECTED}
    # Who asks again after a revocation wants another certificate, not the revoked one.
    return await read_revocation(services.database, certificate_id) is None
