"""Lists against a plain reading of the same rows, by each of the ways that lead to a page."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.conftest import Wakes

from certloom.store import instance_search
from certloom.store.instances import INSTANCE_INSERT, StartedRow
from certloom.store.listing import SORT_FIELDS, ListedInstance, list_instances
from certloom.store.moments import text_of
from certloom.store.paging import Paging, SortFieldUnknown
from certloom.store.query_expression import And, Comparison, Expression, Operator, Or
from certloom.store.rows import values_of
from certloom.store.searcher import SearchTooSlow
from certloom.store.sqlite import SqliteDatabase, connect

ROWS = 60
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ME = 7
STATUSES = ("Complete", "Complete", "Complete", "Suspended", "Failed")
COLUMNS = {**SORT_FIELDS, "InitiatingUserName": "initiator"}
COMPARED: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.LESS: lt,
    Operator.LESS_OR_EQUAL: le,
    Operator.GREATER: gt,
    Operator.GREATER_OR_EQUAL: ge,
    Operator.CONTAINS: lambda stored, value: value in stored,
    Operator.NOT_CONTAINS: lambda stored, value: value not in stored,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}


def row(number: int, draw: random.Random) -> StartedRow:
    initiator = draw.choice(("CORP\\alice", "CORP\\Bob", "CORP\\ärger"))
    step = draw.choice(("End", "Review", "review", "Enroll"))
    return StartedRow(
        id=f"{number:08x}-0000-7000-8000-000000000000",
        status=draw.choice(STATUSES),
        workflow_type=draw.choice(("Enrollment", "Enrollment", "Revocation")),
        definition_id=f"{draw.randrange(3):08x}-0000-7000-8000-000000000000",
        definition_version=1,
        definition_name="Definition",
        step_id=f"step {step}",
        step_name=step,
        step_display_name=step,
        message=f"message {draw.randrange(5)}",
        title=f"{initiator} is enrolling for CN=web{draw.randrange(9)}.corp.example.",
        initiator_id=draw.choice((ME, 8)),
        initiator=initiator,
        initiator_key=initiator.casefold(),
        started_at=text_of(FIRST + timedelta(hours=draw.randrange(40))),
        modified_at=text_of(FIRST + timedelta(hours=draw.randrange(60))),
        rev=1,
        wake_at=None,
        initial_data="{}",
        data="{}",
        machine="{}",
    )


@pytest.fixture(scope="module")
def filled(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists") / "filled.db"
    path.write_bytes(empty_database.read_bytes())
    connection = connect(path)
    draw = random.Random(1)  # noqa: S311 - rows, not secrets
    connection.executemany(INSTANCE_INSERT, [values_of(row(number, draw)) for number in range(ROWS)])
    connection.execute(
        "INSERT INTO instance_count SELECT workflow_type, status, count(*) FROM instance GROUP BY workflow_type, status"
    )
    connection.close()
    return path


def dates() -> st.SearchStrategy[datetime]:
    return st.integers(0, 60).map(lambda hours: FIRST + timedelta(hours=hours))


ORDERED = st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL, *list(Operator)[6:]])
TEXTUAL = st.sampled_from(list(Operator)[:6])
EQUALITY = st.sampled_from(list(Operator)[:2])
COMPARISONS = st.one_of(
    st.builds(Comparison, st.just("Status"), EQUALITY, st.sampled_from(STATUSES)),
    st.builds(Comparison, st.just("WorkflowType"), TEXTUAL, st.sampled_from(["enrollment", "REVOCATION", "n", "x"])),
    st.builds(
        Comparison,
        st.just("DefinitionId"),
        EQUALITY,
        st.sampled_from([f"{number:08x}-0000-7000-8000-000000000000" for number in range(4)]),
    ),
    st.builds(Comparison, st.just("InitiatingUserName"), TEXTUAL, st.sampled_from(["corp\\BOB", "Corp\\ÄRGER", "o"])),
    st.builds(Comparison, st.just("Title"), TEXTUAL, st.sampled_from(["CN=WEB1", "corp\\", "%", "_"])),
    st.builds(Comparison, st.just("ReferenceId"), ORDERED, st.integers(0, ROWS + 1)),
    st.builds(Comparison, st.just("StartDate"), ORDERED, dates()),
    st.builds(Comparison, st.just("LastModified"), ORDERED, dates()),
)
QUERIES = st.recursive(
    COMPARISONS,
    lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
        lambda operands: st.sampled_from([And(tuple(operands)), Or(tuple(operands))])
    ),
    max_leaves=4,
)


def meets(found: Mapping[str, Any], query: Expression | None) -> bool:
    match query:
        case None:
            return True
        case And(operands):
            return all(meets(found, operand) for operand in operands)
        case Or(operands):
            return any(meets(found, operand) for operand in operands)
        case Comparison(field, operator, value):
            stored = found[COLUMNS[field]]
            wanted = text_of(value) if isinstance(value, datetime) else value
            folded = [text.casefold() if isinstance(text, str) else text for text in (stored, wanted)]
            return COMPARED[operator](*folded)


def read_plainly(path: Path, paging: Paging, query: Expression | None, *, mine: bool) -> tuple[list[str], int]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(found) for found in connection.execute("SELECT * FROM instance")]
    connection.close()
    wanted = [found for found in rows if meets(found, query) and (not mine or found["initiator_id"] == ME)]
    column = SORT_FIELDS[paging.sort_field or ""]
    wanted.sort(key=lambda found: (found[column], found["reference_id"]), reverse=paging.descending)
    first = (paging.page - 1) * paging.limit
    return [found["id"] for found in wanted[first : first + paging.limit]], len(wanted)


async def listed(
    path: Path, paging: Paging, query: Expression | None, *, mine: bool
) -> tuple[list[str], int, list[ListedInstance]]:
    database = SqliteDatabase(path, Wakes())
    try:
        page = await list_instances(database, paging, query, initiator_id=ME if mine else None)
    finally:
        await database.close()
    return [found.id for found in page.rows], page.total, list(page.rows)


PAGINGS = st.builds(
    Paging, st.integers(1, 4), st.sampled_from([1, 7, 25]), st.sampled_from(sorted(SORT_FIELDS)), st.booleans()
)


@pytest.mark.parametrize(("few", "walked"), [(1000, 1000), (0, 10), (0, 50), (5, 5)])
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(paging=PAGINGS, query=st.none() | QUERIES, mine=st.booleans())
def test_whichever_way_is_taken_a_page_and_the_total_are_what_a_plain_reading_gives(
    filled: Path,
    few: int,
    walked: int,
    paging: Paging,
    query: Expression | None,
    mine: bool,  # noqa: FBT001 - Hypothesis names it
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(instance_search, "_FEW", few)
        patched.setattr(instance_search, "_FEW_BESIDE_COVERED", few)
        patched.setattr(instance_search, "_WALKED", walked)
        ids, total, _ = asyncio.run(listed(filled, paging, query, mine=mine))
    assert (ids, total) == read_plainly(filled, paging, query, mine=mine)


def test_a_row_of_a_list_holds_what_the_instance_holds(filled: Path) -> None:
    _, _, (first, *_) = asyncio.run(listed(filled, Paging(sort_field="ReferenceId"), None, mine=False))
    expected = row(0, random.Random(1))  # noqa: S311 - rows, not secrets
    assert (first.reference_id, first.status, first.title) == (1, expected.status, expected.title)


async def test_an_unknown_sort_field_is_named_with_those_that_are_known(database: SqliteDatabase) -> None:
    with pytest.raises(SortFieldUnknown, match=r"Invalid sort field: Shoe size\..*CurrentStepDisplayName"):
        await list_instances(database, Paging(sort_field="Shoe size"))


async def test_a_search_is_given_up_at_its_limit_and_the_next_one_goes_on(filled: Path) -> None:
    database = SqliteDatabase(filled, Wakes(), search_seconds=0.05)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(SearchTooSlow, match=r"given up after 0\.05 seconds.*StartDate"):
        await database.search_all(endless)
    assert await database.search_all("SELECT count(*) FROM instance") == [(ROWS,)]
    await database.close()


async def test_endless_searches_hold_up_neither_a_quick_one_nor_the_end(filled: Path) -> None:
    database = SqliteDatabase(filled, Wakes(), search_seconds=600)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    slow = [asyncio.create_task(database.search_all(endless)) for _ in range(3)]
    assert await database.search_all("SELECT 1") == [(1,)]
    assert not any(task.done() for task in slow)
    await database.close()
    ended = await asyncio.gather(*slow, return_exceptions=True)
    assert [type(end) for end in ended] == [SearchTooSlow] * 3
