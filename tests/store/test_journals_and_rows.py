import asyncio
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import cast
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.conftest import Wakes
from tests.workflow.journal_strategies import STEPS, journals

from certloom.store.change import Change, Expect, GuardLost, StoreUnavailable
from certloom.store.instances import InstanceRow, instance_of, instance_write, journal_of, read_instance, read_row
from certloom.store.meta import MetaRow
from certloom.store.rows import Put
from certloom.store.sqlite import SqliteDatabase
from certloom.workflow.definition import Definition, Step
from certloom.workflow.event import Event
from certloom.workflow.instance import Instance, Phase, Status
from certloom.workflow.journal import apply, fold

DEFINITION = Definition(
    id="d",
    version=1,
    workflow_type="Enrollment",
    display_name="D",
    steps=tuple(Step(id=name, unique_name=name, display_name=f"Step {name}", extension_name="X") for name in STEPS),
)


def pieces(events: list[Event], cuts: Iterable[int]) -> list[list[Event]]:
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(events)}), len(events)]
    return [events[start:end] for start, end in pairwise(places)]


async def record(database: SqliteDatabase, parts: list[list[Event]]) -> Instance:
    instance: Instance | None = None
    for part in parts:
        before = instance
        for event in part:
            instance = apply(instance, event)
        assert instance is not None
        write = instance_write(before, instance, part, DEFINITION, ())
        await database.commit(Change(instances=(write,)))
    assert instance is not None
    return instance


async def counted(database: SqliteDatabase) -> dict[tuple[str, str], int]:
    rows = await database.fetch_all("SELECT workflow_type, status, total FROM instance_count WHERE total <> 0")
    return {(row[0], row[1]): row[2] for row in rows}


async def recorded(path: Path, parts: list[list[Event]]) -> tuple[Instance, InstanceRow, list[Event], list[str]]:
    wakes = Wakes()
    database = SqliteDatabase(path, wakes)
    try:
        instance = await record(database, parts)
        found = await read_row(database, instance.id)
        assert found is not None
        assert await read_instance(database, instance.id) == instance_of(found[0])
        rows = await database.fetch_all("SELECT workflow_type, status, count(*) FROM instance GROUP BY 1, 2")
        assert await counted(database) == {(row[0], row[1]): row[2] for row in rows}
        return instance, found[0], await journal_of(database, instance.id), wakes.settled
    finally:
        await database.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.builds(lambda: str(uuid4())).flatmap(journals), st.lists(st.integers(1, 12), max_size=4))
def test_random_journals_folded_equal_the_cached_row(path: Path, events: list[Event], cuts: list[int]) -> None:
    parts = pieces(events, cuts)
    instance, row, journal, settled = asyncio.run(recorded(path, parts))
    assert journal == events
    assert fold(journal) == instance == instance_of(row)
    assert row.rev == len(events)
    assert row.step_name == (instance.cursor.step if instance.cursor else STEPS[0])
    asleep = instance.cursor is not None and instance.cursor.phase is Phase.ASLEEP
    assert (instance.id in settled) or not (asleep or instance.status is not Status.RUNNING)


@given(st.builds(lambda: str(uuid4())).flatmap(journals))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_change_that_is_refused_counts_no_instance(path: Path, events: list[Event]) -> None:
    instance = fold(events)
    started = instance_write(None, instance, events, DEFINITION, ())
    refused = Change(instances=(started,), guards=(Expect(MetaRow, ("absent",), "value", "x"),))
    unwritable = Change(instances=(started,), writes=(Put(MetaRow(name="a", value=cast("str", object()))),))

    async def submit() -> tuple[list[type], dict[tuple[str, str], int]]:
        database = SqliteDatabase(path, Wakes())
        before = await counted(database)
        both = [database.commit(refused), database.commit(unwritable), database.commit(Change(instances=(started,)))]
        answers = await asyncio.gather(*both, return_exceptions=True)
        after = await counted(database)
        await database.close()
        return [type(answer) for answer in answers], {what: n - before.get(what, 0) for what, n in after.items()}

    kinds, added = asyncio.run(submit())
    assert kinds == [GuardLost, StoreUnavailable, type(None)]
    assert sum(added.values()) == 1
    assert added[instance.definition.workflow_type, instance.status.value] == 1
