import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.store.conftest import Wakes, entry

from certloom.store.accounts import AccountRow
from certloom.store.change import ABSENT, Change, Expect, GuardLost, RowCollides, StoreUnavailable
from certloom.store.meta import MetaRow, read_meta
from certloom.store.rows import Delete, Insert, Put
from certloom.store.sqlite import SqliteDatabase, connect


def put(name: str, value: str = "1", *guards: Expect, wake: tuple[str, ...] = ()) -> Change:
    return Change(
        guards=guards, writes=(Put(MetaRow(name=name, value=value)),), audit=(entry(f"put {name}"),), wake=wake
    )


def is_now(name: str, value: str) -> Expect:
    return Expect(MetaRow, (name,), "value", value)


async def submit(database: SqliteDatabase, *changes: Change) -> list[object]:
    """All at once, so that they share a transaction."""
    return list(await asyncio.gather(*map(database.commit, changes), return_exceptions=True))


async def entries(database: SqliteDatabase) -> int:
    row = await database.fetch_one("SELECT count(*) FROM audit")
    assert row is not None
    return int(row[0])


async def test_a_lost_guard_refuses_one_change_of_a_batch_and_leaves_nothing_of_it(database: SqliteDatabase) -> None:
    await database.commit(put("a", "old"))
    answers = await submit(database, put("b"), put("c", "1", is_now("a", "other")), put("d", "1", is_now("a", "old")))
    assert [type(answer) for answer in answers] == [type(None), GuardLost, type(None)]
    assert [await read_meta(database, name) for name in "bcd"] == ["1", None, "1"]
    assert await entries(database) == 3


async def test_of_two_changes_decided_on_the_same_row_one_is_refused(database: SqliteDatabase) -> None:
    await database.commit(put("a", "0"))
    answers = await submit(database, put("a", "1", is_now("a", "0")), put("a", "2", is_now("a", "0")))
    assert [type(answer) for answer in answers] == [type(None), GuardLost]
    assert await read_meta(database, "a") == "1"


async def test_a_row_that_must_be_absent_is_a_guard(database: SqliteDatabase) -> None:
    absent = Expect(MetaRow, ("a",), "value", ABSENT)
    answers = await submit(database, put("a", "1", absent), put("a", "2", absent))
    assert [type(answer) for answer in answers] == [type(None), GuardLost]


async def test_a_missing_row_holds_no_guard(database: SqliteDatabase) -> None:
    with pytest.raises(GuardLost):
        await database.commit(put("b", "1", is_now("a", "1")))


async def test_a_colliding_row_refuses_its_change_alone(database: SqliteDatabase) -> None:
    row = MetaRow(name="a", value="1")
    half_done = Change(writes=(Put(MetaRow(name="half", value="1")), Insert(row)), audit=(entry("collides"),))
    answers = await submit(database, Change(writes=(Insert(row),)), half_done, put("c"))
    assert [type(answer) for answer in answers] == [type(None), RowCollides, type(None)]
    assert [await read_meta(database, name) for name in ("a", "half", "c")] == ["1", None, "1"]
    assert await entries(database) == 1


@pytest.mark.parametrize("value", ["\ud800", 2**80])
async def test_a_value_no_database_can_hold_refuses_its_change_alone(
    database: SqliteDatabase, value: str | int
) -> None:
    hostile = Change(writes=(Put(MetaRow(name="hostile", value=value)),))  # type: ignore[arg-type]  # that is the point
    answers = await submit(database, put("b"), hostile, put("d"))
    assert [type(answer) for answer in answers] == [type(None), StoreUnavailable, type(None)]
    assert [await read_meta(database, name) for name in ("b", "hostile", "d")] == ["1", None, "1"]


async def test_many_changes_at_once_share_few_transactions(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 0
    begin = database._writer.begin

    async def counted() -> None:
        nonlocal begun
        begun += 1
        await begin()

    monkeypatch.setattr(database._writer, "begin", counted)
    await submit(database, *(put(f"n{number}") for number in range(64)))
    assert await entries(database) == 64
    assert begun <= 4


async def test_nothing_is_seen_or_woken_before_it_is_durable(
    database: SqliteDatabase, path: Path, wakes: Wakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, list[str]]] = []
    commit = database._writer.commit
    look = connect(path)

    def looking_commit() -> None:
        rows = look.execute("SELECT value FROM meta").fetchall()
        seen.append((rows, list(wakes.woken)))
        commit()

    monkeypatch.setattr(database._writer, "commit", looking_commit)
    await database.commit(put("a", wake=("i",)))
    look.close()
    assert seen == [([], [])]
    assert (await read_meta(database, "a"), wakes.woken) == ("1", ["i"])


async def test_a_failing_commit_refuses_everybody_and_the_store_goes_on(
    database: SqliteDatabase, wakes: Wakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(database._writer, "commit", fails)
        answers = await submit(database, put("a", wake=("i",)), put("b"), put("c", "1", is_now("a", "0")))
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert all("Nothing was changed" in str(answer) for answer in answers)
    assert ([await read_meta(database, name) for name in "abc"], wakes.woken) == ([None, None, None], [])
    await database.commit(put("d"))
    assert await read_meta(database, "d") == "1"


async def test_a_waiter_that_gave_up_harms_nobody(database: SqliteDatabase) -> None:
    given_up = asyncio.create_task(database.commit(put("a")))
    await asyncio.sleep(0)
    given_up.cancel()
    await database.commit(put("b"))
    assert await read_meta(database, "b") == "1"


async def test_closing_finishes_what_is_queued(path: Path, wakes: Wakes) -> None:
    first = SqliteDatabase(path, wakes)
    queued = asyncio.gather(*(first.commit(put(f"n{number}")) for number in range(8)))
    await asyncio.sleep(0)
    await first.close()
    await queued
    second = SqliteDatabase(path, wakes)
    assert await entries(second) == 8
    await second.close()


async def test_a_deleted_row_is_gone_and_an_id_of_zero_is_chosen_by_the_database(database: SqliteDatabase) -> None:
    row = AccountRow(id=0, account_key="a", display="A", password_hash=None, disabled=0, created_at="")
    await database.commit(Change(writes=(Insert(row), Put(MetaRow(name="a", value="1")))))
    await database.commit(Change(writes=(Delete(MetaRow, ("a",)),)))
    assert await read_meta(database, "a") is None
    assert await database.fetch_all("SELECT id, account_key FROM account") == [(1, "a")]
