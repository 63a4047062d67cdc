"""A server that dies at a named point of an enrollment: ``crashing_process.py <data folder> <point> <csr file>``.

What it instruments it wraps from outside; the product knows nothing of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from certloom.app import installation, running
from certloom.identity.password import PasswordHasher
from certloom.operations.accounts import actor_of
from certloom.operations.enrollment import EnrollmentOrder, enroll_csr
from certloom.operations.services import Services
from certloom.settings import Settings
from certloom.store.accounts import read_account
from certloom.store.change import Change

KINDS = {
    "before intent": "StepStarted",
    "after intent": "StepStarted",
    "before result": "InstanceCompleted",
    "after result": "InstanceCompleted",
    "while suspended": "StepSuspended",
}
"""The kind of event around whose commit the process dies."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def commits(change: Change, kind: str) -> bool:
    return any(event[2] == kind for instance in change.instances for event in instance.events)


def instrument_commit(services: Services, point: str) -> None:
    database = services.database
    commit = database.commit

    async def commit_and_die(change: Change) -> None:
        hit = point in KINDS and commits(change, KINDS[point])
        if hit and point.startswith("before"):
            die()
        await commit(change)
        if hit:
            die()

    database.commit = commit_and_die  # type: ignore[method-assign]  # instrumenting from outside


def dying_after(issue: Callable[[Any], Coroutine[Any, Any, bytes]]) -> Callable[[Any], Coroutine[Any, Any, bytes]]:
    async def issue_and_die(plan: Any) -> bytes:
        await issue(plan)
        die()
        raise AssertionError("dead")

    return issue_and_die


async def main(data_folder: str, point: str, csr: str) -> None:
    settings = Settings(data_folder=data_folder)
    async with installation(settings, hasher=PasswordHasher(1, 8, 1)) as certloom, running(certloom):
        services = certloom.services
        instrument_commit(services, point)
        if point == "after signing":
            (authority,) = services.authorities.values()
            authority.issue = dying_after(authority.issue)  # type: ignore[method-assign, assignment]  # same
        row = await read_account(services.database, "corp\\alice")
        assert row is not None
        order = EnrollmentOrder(csr=csr, template="WebServer", wait_seconds=10)
        await enroll_csr(services, await actor_of(services, row), order)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text()))
