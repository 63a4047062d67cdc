"""Watches whether those who wait can still be served: after roles or accounts changed, too few people may be left.

The instances that wait are gone through piece by piece, so that a million of them hold up nothing. Check A14.
"""

from certloom.operations.explaining import out_of_reach
from certloom.operations.services import Services
from certloom.operations.view import step_view
from certloom.store.accounts import security_rev
from certloom.store.change import AuditEntry, Change
from certloom.store.instances import OutOfReachRow, flagged, read_instance, waiting_after
from certloom.store.meta import MetaRow, read_meta
from certloom.store.rows import Delete, Put, Write
from certloom.workflow.instance import Status

__all__ = ["watch_approvers"]

_AT_ONCE = 200
_DONE, _PLACE = "approvers_rev", "approvers_place"


async def watch_approvers(services: Services) -> None:
    """Look at the next instances that wait, if people have changed since all of them were looked at.

    One that has become out of reach is told to the audit log once, until it is within reach again.
    """
    rev = await security_rev(services.database)
    if await read_meta(services.database, _DONE) == rev:
        return
    seen_rev, _, place = (await read_meta(services.database, _PLACE) or "").partition(" ")
    ids = await waiting_after(services.database, place if seen_rev == rev else "", _AT_ONCE)
    writes: list[Write] = [Put(MetaRow(name=_PLACE, value=f"{rev} {ids[-1]}" if ids else rev))]
    if len(ids) < _AT_ONCE:
        writes.append(Put(MetaRow(name=_DONE, value=rev)))
    audit: list[AuditEntry] = []
    for instance_id in ids:
        write, told = await _looked_at(services, instance_id)
        writes.extend(write)
        audit.extend(told)
    await services.database.commit(Change(writes=tuple(writes), audit=tuple(audit)))


async def _looked_at(services: Services, instance_id: str) -> tuple[tuple[Write, ...], tuple[AuditEntry, ...]]:
    instance = await read_instance(services.database, instance_id)
    if instance is None or instance.status is not Status.SUSPENDED or instance.cursor is None:
        return (), ()
    definition = await services.definition(instance.definition)
    step = definition.step(instance.cursor.step)
    if step.extension_name not in services.step_types:
        return (), ()
    told = await out_of_reach(services, instance, await step_view(services, instance, definition, step))
    if not told:
        return (Delete(OutOfReachRow, (instance_id,)),), ()
    if await flagged(services.database, instance_id):
        return (), ()
    return (Put(OutOfReachRow(instance_id=instance_id)),), told
