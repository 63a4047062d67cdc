"""Instances as rows: the cached row, its conversion to and from the domain, and the reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from certloom.store.change import InstanceRemoval, InstanceWrite
from certloom.store.database import Database
from certloom.store.moments import moment, text_of
from certloom.store.rows import Row, insert_sql
from certloom.workflow.definition import Definition, Step
from certloom.workflow.event import Event
from certloom.workflow.instance import CarriedEffect, Cursor, DefinitionPin, Instance, Phase, ReceivedSignal, Status

__all__ = [
    "COUNT_CHANGE",
    "INSTANCE_INSERT",
    "INSTANCE_UPDATE",
    "JOURNAL_INSERT",
    "AwaitedSignalRow",
    "InstanceCountRow",
    "InstanceRow",
    "Machine",
    "OutOfReachRow",
    "SignalledRow",
    "can_go_on",
    "due",
    "flagged",
    "instance_of",
    "instance_removal",
    "instance_write",
    "journal_of",
    "machine_of",
    "read_instance",
    "read_row",
    "runnable",
    "waiting_after",
]


class InstanceRow(Row, frozen=True, kw_only=True):
    """The cache of an instance's journal. The column ``reference_id`` is the database's own and not among these."""

    table: ClassVar[str] = "instance"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    status: str
    workflow_type: str
    definition_id: str
    definition_version: int
    definition_name: str
    step_id: str
    step_name: str
    step_display_name: str
    message: str
    title: str
    initiator_id: int
    initiator: str
    started_at: str
    modified_at: str
    rev: int
    wake_at: str | None
    initial_data: str
    data: str
    machine: str


class StartedRow(InstanceRow, frozen=True, kw_only=True):
    """The row of a new instance. ``initiator_key`` is what its initiator is searched by."""

    initiator_key: str


class ProgressRow(Row, frozen=True, kw_only=True):
    """The columns of an instance's row that change on its way."""

    table: ClassVar[str] = "instance"
    key: ClassVar[tuple[str, ...]] = ("id",)

    status: str
    step_id: str
    step_name: str
    step_display_name: str
    message: str
    modified_at: str
    rev: int
    wake_at: str | None
    data: str
    machine: str


class AwaitedSignalRow(Row, frozen=True, kw_only=True):
    """A role whose holders an instance waits for. ``excluded_id`` is the account whose signal is refused, or 0."""

    table: ClassVar[str] = "awaited_signal"
    key: ClassVar[tuple[str, ...]] = ("role_id", "instance_id", "signal_key")

    role_id: int
    instance_id: str
    signal_key: str
    excluded_id: int


class SignalledRow(Row, frozen=True, kw_only=True):
    """An account that has signalled an instance: it leaves their list, and stays readable for them."""

    table: ClassVar[str] = "signalled"
    key: ClassVar[tuple[str, ...]] = ("account_id", "instance_id", "signal_key")

    account_id: int
    instance_id: str
    signal_key: str


class OutOfReachRow(Row, frozen=True, kw_only=True):
    """An instance that waits for more people than there are: the audit log was told."""

    table: ClassVar[str] = "out_of_reach"
    key: ClassVar[tuple[str, ...]] = ("instance_id",)

    instance_id: str


class InstanceCountRow(Row, frozen=True, kw_only=True):
    """How many instances of a type have a status: what lists count by."""

    table: ClassVar[str] = "instance_count"
    key: ClassVar[tuple[str, ...]] = ("workflow_type", "status")

    workflow_type: str
    status: str
    total: int


class Machine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of an instance has no column of its own."""

    cursor: Cursor | None = None
    awaited: tuple[str, ...] = ()
    signals: tuple[ReceivedSignal, ...] = ()
    bindings: dict[str, dict[str, str]] = {}
    superseded_by: str | None = None
    carried: tuple[CarriedEffect, ...] = ()
    awaited_roles: dict[str, tuple[int, ...]] = {}


_COLUMNS = ", ".join(InstanceRow.__struct_fields__)
INSTANCE_INSERT = insert_sql(StartedRow, with_id=True)
INSTANCE_UPDATE = (
    f"UPDATE instance SET {', '.join(f'{column} = ?' for column in ProgressRow.__struct_fields__)} "
    "WHERE id = ? AND rev = ?"
)
JOURNAL_INSERT = "INSERT INTO journal (instance_id, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)"

COUNT_CHANGE = (
    "INSERT INTO instance_count (workflow_type, status, total) VALUES (?, ?, ?) "
    "ON CONFLICT (workflow_type, status) DO UPDATE SET total = total + excluded.total"
)

_JSON = msgspec.json.Encoder()
_EVENT = msgspec.json.Decoder(Event)
_MACHINE = msgspec.json.Decoder(Machine)
_DATA = msgspec.json.Decoder(dict[str, Any])


def instance_write(
    before: Instance | None,
    after: Instance,
    events: Sequence[Event],
    definition: Definition,
    awaited: tuple[AwaitedSignalRow, ...] | None,
) -> InstanceWrite:
    """The write that takes an instance's row from ``before`` to ``after`` together with its new events."""
    rev = before.rev if before else 0
    return InstanceWrite(
        row=_progress(after, definition) if before else _row(after, definition),
        id=after.id,
        before=rev,
        events=tuple(
            (rev + number, text_of(event.at), type(event).__name__, _JSON.encode(event))
            for number, event in enumerate(events, start=1)
        ),
        awaited=awaited,
        settled=_settled(after),
        rejected=after.status is Status.REJECTED,
        heir=after.superseded_by,
        counted=_counted(before, after),
    )


def _counted(before: Instance | None, after: Instance) -> tuple[tuple[tuple[str, str], int], ...]:
    kind = after.definition.workflow_type
    if before is None:
        return (((kind, after.status.value), 1),)
    if before.status is after.status:
        return ()
    return (((kind, before.status.value), -1), ((kind, after.status.value), 1))


def instance_removal(instance: Instance) -> InstanceRemoval:
    """The removal of an instance as it stands."""
    counted = (((instance.definition.workflow_type, instance.status.value), -1),)
    return InstanceRemoval(id=instance.id, before=instance.rev, counted=counted)


def _settled(instance: Instance) -> bool:
    asleep = instance.cursor is not None and instance.cursor.phase is Phase.ASLEEP
    return instance.status is not Status.RUNNING or asleep


def _row(instance: Instance, definition: Definition) -> StartedRow:
    progress = msgspec.structs.asdict(_progress(instance, definition))
    return StartedRow(
        **progress,
        id=instance.id,
        workflow_type=instance.definition.workflow_type,
        definition_id=instance.definition.id,
        definition_version=instance.definition.version,
        definition_name=instance.definition.display_name,
        title=instance.title,
        initiator_id=instance.initiator_id,
        initiator=instance.initiator,
        initiator_key=instance.initiator.casefold(),
        started_at=text_of(instance.started_at),
        initial_data=_JSON.encode(instance.initial_data).decode(),
    )


def _progress(instance: Instance, definition: Definition) -> ProgressRow:
    step = _current_step(instance, definition)
    machine = Machine(
        cursor=instance.cursor,
        awaited=instance.awaited,
        signals=instance.signals,
        bindings=instance.bindings,
        superseded_by=instance.superseded_by,
        awaited_roles=instance.awaited_roles,
        carried=instance.carried,
    )
    return ProgressRow(
        status=instance.status.value,
        step_id=step.id,
        step_name=step.unique_name,
        step_display_name=step.display_name,
        message=instance.message,
        modified_at=text_of(instance.modified_at),
        rev=instance.rev,
        wake_at=text_of(instance.wake_at) if instance.wake_at else None,
        data=_JSON.encode(instance.data).decode(),
        machine=_JSON.encode(machine).decode(),
    )


def _current_step(instance: Instance, definition: Definition) -> Step:
    return definition.step(instance.cursor.step) if instance.cursor else definition.entry


def machine_of(row: InstanceRow) -> Machine:
    """What of an instance has no column of its own."""
    return _MACHINE.decode(row.machine)


def instance_of(row: InstanceRow) -> Instance:
    """The instance a row caches."""
    machine = machine_of(row)
    return Instance(
        id=row.id,
        status=Status(row.status),
        definition=DefinitionPin(row.definition_id, row.definition_name, row.definition_version, row.workflow_type),
        title=row.title,
        initiator_id=row.initiator_id,
        initiator=row.initiator,
        started_at=moment(row.started_at),
        modified_at=moment(row.modified_at),
        initial_data=_DATA.decode(row.initial_data),
        data=_DATA.decode(row.data),
        rev=row.rev,
        message=row.message,
        cursor=machine.cursor,
        awaited=machine.awaited,
        awaited_roles=machine.awaited_roles,
        wake_at=moment(row.wake_at) if row.wake_at else None,
        signals=machine.signals,
        bindings=machine.bindings,
        superseded_by=machine.superseded_by,
        carried=machine.carried,
    )


async def read_row(database: Database, instance_id: str) -> tuple[InstanceRow, int] | None:
    """The row of an instance with its reference id, or None."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS}, reference_id FROM instance WHERE id = ?",
        instance_id,
    )
    return None if row is None else (InstanceRow(**dict(zip(_FIELDS, row, strict=False))), row[-1])


_FIELDS = InstanceRow.__struct_fields__


async def read_instance(database: Database, instance_id: str) -> Instance | None:
    """The instance of that id, or None."""
    found = await read_row(database, instance_id)
    return None if found is None else instance_of(found[0])


async def journal_of(database: Database, instance_id: str) -> list[Event]:
    """Every event of an instance, in order."""
    rows = await database.fetch_all("SELECT body FROM journal WHERE instance_id = ? ORDER BY seq", instance_id)
    return [_EVENT.decode(row[0]) for row in rows]


async def can_go_on(database: Database, instance_id: str) -> bool:
    """Whether the instance is running and not asleep."""
    row = await database.fetch_one(
        "SELECT 1 FROM instance WHERE id = ? AND status = 'Running' AND wake_at IS NULL", instance_id
    )
    return row is not None


async def runnable(database: Database) -> list[str]:
    """The instances that are running and not asleep: what a process takes up when it starts."""
    rows = await database.fetch_all("SELECT id FROM instance WHERE status = 'Running' AND wake_at IS NULL")
    return [row[0] for row in rows]


async def due(database: Database, now: datetime, limit: int) -> list[tuple[str, str]]:
    """The next instances with a wake-up time up to ``now``, earliest first, as (id, wake_at)."""
    rows = await database.fetch_all(
        "SELECT id, wake_at FROM instance WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?",
        text_of(now),
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def waiting_after(database: Database, instance_id: str, limit: int) -> list[str]:
    """The next instances, by id, that wait for somebody's signal."""
    rows = await database.fetch_all(
        "SELECT DISTINCT instance_id FROM awaited_signal WHERE instance_id > ? ORDER BY instance_id LIMIT ?",
        instance_id,
        limit,
    )
    return [row[0] for row in rows]


async def flagged(database: Database, instance_id: str) -> bool:
    """Whether the audit log was told that this instance is out of reach."""
    row = await database.fetch_one("SELECT 1 FROM out_of_reach WHERE instance_id = ?", instance_id)
    return row is not None
