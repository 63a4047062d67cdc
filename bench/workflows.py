"""Five-step workflows per second, beside raw group commit of the same rows and bytes."""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.installation import five_step_installation
from certloom.app import Certloom
from certloom.clock import uuid7
from certloom.identity.actor import system_actor
from certloom.operations.access import Operation
from certloom.operations.triggers import Start, begin
from certloom.store.instances import INSTANCE_INSERT, INSTANCE_UPDATE, JOURNAL_INSERT, ProgressRow, StartedRow
from certloom.store.schema import upgrade
from certloom.store.sqlite import connect

__all__ = ["measure_workflows"]

_CONTEXT = {"Template": "none", "Padding": "x" * 1000}
_CHANGING = [StartedRow.__struct_fields__.index(name) for name in ProgressRow.__struct_fields__]
_ID = StartedRow.__struct_fields__.index("id")
_REV = StartedRow.__struct_fields__.index("rev")
_COUNTS = {1: 500, 64: 6000}


async def measure_workflows() -> list[tuple[str, str, str, str]]:
    """Rows of (figure, measured, limit, ratio)."""
    rows = []
    for in_flight, count in _COUNTS.items():
        with tempfile.TemporaryDirectory() as folder:
            async with five_step_installation(folder) as certloom:
                await _run(certloom, in_flight, count // 5)
                seconds, latencies = await _run(certloom, in_flight, count)
                written = _written(Path(folder) / "data" / "certloom.db", count)
            limit = _raw_group_commit(Path(folder) / "raw.db", written, in_flight)
        rate = count / seconds
        p50 = statistics.median(latencies) * 1000
        what = f"five-step workflows/s, {in_flight} in flight"
        rows.append((what, f"{rate:,.0f} (p50 {p50:.2f} ms)", f"{limit:,.0f} raw group commit", f"{rate / limit:.2f}"))
    return rows


async def _run(certloom: Certloom, in_flight: int, count: int) -> tuple[float, list[float]]:
    actor, latencies = system_actor("bench"), []
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            began = time.perf_counter()
            now = certloom.services.clock()
            start = Start(at=now, operation=Operation.ENROLL_CSR, workflow_type="FiveSteps", key="1", data=_CONTEXT)
            instance_id = str(uuid7(now))
            await begin(certloom.services, actor, start, instance_id)
            await certloom.services.settle(instance_id, 60)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
    return time.perf_counter() - began, latencies


def _written(database: Path, count: int) -> list[tuple[tuple[Any, ...], list[tuple[Any, ...]], tuple[Any, ...]]]:
    """What the last ``count`` workflows wrote: instance row, journal rows, audit row."""
    connection = sqlite3.connect(database)
    columns = ", ".join(StartedRow.__struct_fields__)
    instances = connection.execute(f"SELECT {columns} FROM instance ORDER BY id DESC LIMIT ?", (count,)).fetchall()  # noqa: S608 - our own columns
    audits = {row[5]: row for row in connection.execute("SELECT * FROM audit WHERE entity_type = 'WorkflowInstance'")}
    journals: dict[str, list[tuple[Any, ...]]] = {}
    for row in connection.execute("SELECT instance_id, seq, at, kind, body FROM journal ORDER BY instance_id, seq"):
        journals.setdefault(row[0], []).append(row)
    return [(row, journals[row[_ID]], audits[row[_ID]]) for row in instances]


def _raw_group_commit(path: Path, written: list[Any], in_flight: int) -> float:
    """Workflows/s of the same two commits for each, ``in_flight`` of them sharing one, and nothing else."""
    upgrade(path)
    raw = connect(path)
    began = time.perf_counter()
    for first in range(0, len(written), in_flight):
        batch = written[first : first + in_flight]
        raw.execute("BEGIN IMMEDIATE")
        for instance, journal, audit in batch:
            raw.execute(INSTANCE_INSERT, instance)
            raw.execute(JOURNAL_INSERT, journal[0])
            raw.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", audit)
        raw.execute("COMMIT")
        raw.execute("BEGIN IMMEDIATE")
        for instance, journal, _ in batch:
            raw.execute(INSTANCE_UPDATE, (*(instance[place] for place in _CHANGING), instance[_ID], instance[_REV]))
            raw.executemany(JOURNAL_INSERT, journal[1:])
        raw.execute("COMMIT")
    return len(written) / (time.perf_counter() - began)
