"""Pages of a list of a million instances, beside reading as many rows by their keys."""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from certloom.dispatch.in_process import InProcessDispatcher
from certloom.store.instances import INSTANCE_INSERT, StartedRow
from certloom.store.listing import list_instances
from certloom.store.moments import text_of
from certloom.store.paging import Paging
from certloom.store.query_expression import And, Comparison, Expression, Operator
from certloom.store.rows import values_of
from certloom.store.schema import upgrade
from certloom.store.sqlite import SqliteDatabase, connect

__all__ = ["measure_lists"]

_INSTANCES = 1_000_000
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)
_STATUSES = ("Complete",) * 80 + ("Suspended",) * 12 + ("Failed",) * 3 + ("Rejected",) * 3 + ("Running",) * 2
_TYPES = ("Enrollment",) * 7 + ("Revocation",) * 2 + ("Expiration",)
_STEPS = ("End-NOOP",) * 8 + ("Review", "Security review", "Enroll")
_PADDING = '{"Padding": "' + "x" * 150 + '"}'
_SORTS = ("CurrentStepDisplayName", "StartDate", "LastModified", "ReferenceId")
_PAGES = (1, 20)


def measure_lists() -> list[tuple[str, str, str, str]]:
    """Rows of (figure, measured, limit, ratio)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.db"
        _fill(path)
        return uvloop.run(_measured(path))


async def _measured(path: Path) -> list[tuple[str, str, str, str]]:
    database = SqliteDatabase(path, InProcessDispatcher(), search_seconds=60)
    try:
        bare = await _bare(database)
        rows = []
        for what, query in _SEARCHES.items():
            pages = [Paging(page, 50, sort, sort != _SORTS[0]) for sort in _SORTS for page in _PAGES]
            slowest = max([await _seconds(database, page, query) for page in pages])
            figure = f"slowest of 8 pages of 1,000,000 instances, {what}"
            rows.append((figure, f"{slowest * 1000:.1f} ms", f"{bare * 1000:.2f} ms by key", f"{bare / slowest:.3f}"))
        return rows
    finally:
        await database.close()


async def _seconds(database: SqliteDatabase, page: Paging, query: Expression | None) -> float:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        await list_instances(database, page, query)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def _bare(database: SqliteDatabase) -> float:
    """As many whole rows, read by keys that are known."""
    keys = ", ".join(str(number) for number in range(1, _INSTANCES, _INSTANCES // 50))
    took = []
    for _ in range(9):
        began = time.perf_counter()
        await database.search_all(f"SELECT id, title, message FROM instance WHERE reference_id IN ({keys})")  # noqa: S608 - numbers
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _fill(path: Path) -> None:
    upgrade(path)
    connection = connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.executemany(INSTANCE_INSERT, _rows())
    connection.execute(
        "INSERT INTO instance_count SELECT workflow_type, status, count(*) FROM instance GROUP BY workflow_type, status"
    )
    connection.execute("COMMIT")
    connection.close()


def _rows() -> Iterator[tuple[Any, ...]]:
    draw = random.Random(1)  # noqa: S311 - rows, not secrets
    for number in range(_INSTANCES):
        step = draw.choice(_STEPS)
        initiator = min(int(draw.paretovariate(0.5)), 2000)
        started = _FIRST + timedelta(seconds=30 * number)
        yield values_of(
            StartedRow(
                id=f"{number:08x}-0000-7000-8000-{draw.getrandbits(48):012x}",
                status=draw.choice(_STATUSES),
                workflow_type=draw.choice(_TYPES),
                definition_id=f"{draw.randrange(200):08x}-0000-7000-8000-000000000000",
                definition_version=1,
                definition_name="Definition",
                step_id=f"{len(step):08x}-0000-7000-8000-000000000000",
                step_name=step,
                step_display_name=step,
                message="Awaiting 1 more approval(s) from approval roles.",
                title=f"CORP\\user{initiator} is enrolling for a certificate with CN=web{number}.corp.example.",
                initiator_id=initiator,
                initiator=f"CORP\\user{initiator}",
                initiator_key=f"corp\\user{initiator}",
                started_at=text_of(started),
                modified_at=text_of(started + timedelta(minutes=draw.randrange(10_000))),
                rev=5,
                wake_at=None,
                initial_data=_PADDING,
                data=_PADDING,
                machine="{}",
            )
        )


def _is(field: str, value: Any, operator: Operator = Operator.EQUAL) -> Comparison:
    return Comparison(field, operator, value)


_MIDDLE = _FIRST + timedelta(seconds=15 * _INSTANCES)
_SEARCHES: dict[str, Expression | None] = {
    "unfiltered": None,
    "by status": _is("Status", "Suspended"),
    "by type": _is("WorkflowType", "Expiration"),
    "by definition": _is("DefinitionId", "00000005-0000-7000-8000-000000000000"),
    "by initiator": _is("InitiatingUserName", "CORP\\user2"),
    "by start date": _is("StartDate", _MIDDLE, Operator.GREATER_OR_EQUAL),
    "by last change": _is("LastModified", _MIDDLE, Operator.LESS),
    "by reference": _is("ReferenceId", _INSTANCES // 2, Operator.GREATER),
    "by status and type": And((_is("Status", "Suspended"), _is("WorkflowType", "Enrollment"))),
    "by status and initiator": And((_is("Status", "Suspended"), _is("InitiatingUserName", "CORP\\user2"))),
}
