"""A server that dies around the sending of a mail: ``crashing_mailer.py <data folder> <port> <point> <csr file>``.

What it instruments it wraps from outside; the product knows nothing of it.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from certloom.app import installation, running
from certloom.identity.actor import Actor
from certloom.identity.password import PasswordHasher
from certloom.operations.accounts import actor_of
from certloom.operations.enrollment import EnrollmentOrder, enroll_csr
from certloom.operations.services import Services
from certloom.operations.signals import signal_instance
from certloom.settings import Settings
from certloom.store.accounts import read_account

VOTE = "RequireApproval1.ApprovalStatus"


def instrument(services: Services, point: str) -> None:
    send = services.mail.send

    async def send_and_die(mail: Any) -> tuple[str, ...]:
        if point == "after sending":
            await send(mail)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")

    services.mail.send = send_and_die  # type: ignore[method-assign]  # instrumenting from outside


async def actor(services: Services, name: str) -> Actor:
    row = await read_account(services.database, f"corp\\{name}")
    assert row is not None
    return await actor_of(services, row)


async def main(data_folder: str, port: str, point: str, csr: str) -> None:
    settings = Settings(
        data_folder=data_folder,
        mail_host="127.0.0.1",
        mail_port=int(port),
        mail_tls="none",
        mail_sender="certloom@corp.example",
    )
    async with installation(settings, hasher=PasswordHasher(1, 8, 1)) as certloom, running(certloom):
        services = certloom.services
        instrument(services, point)
        order = EnrollmentOrder(csr=csr, template="WebServer", wait_seconds=10)
        enrolled = await enroll_csr(services, await actor(services, "alice"), order)
        instance_id = UUID(enrolled.instance.id)
        await signal_instance(services, await actor(services, "bob"), instance_id, VOTE, {"Approved": "True"})
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]).read_text()))
