"""The outbox: sends the mails that steps asked for, after the decision each tells of is durable.

A mail is tried until it is taken or given up, at least once and under one Message-ID, so that a repeat after a crash
can be recognised. Whether it arrives never changes what was decided (check A08).
"""

from datetime import timedelta

import msgspec
import structlog

from certloom.errors import CertloomError, Invalid
from certloom.operations.access import Operation
from certloom.operations.audit import FAILURE, entry
from certloom.operations.services import Services
from certloom.store.change import AuditEntry, Change
from certloom.store.moments import text_of
from certloom.store.outbox import OutboxRow, due_mails, recipients_of
from certloom.store.rows import Put
from certloom.workflow.outgoing import Mail
from certloom.workflow.recipients import recipients_of as addresses_in

__all__ = ["send_due_mails"]

_log = structlog.get_logger(__name__)
_AT_ONCE = 20
_MOST_ATTEMPTS = 10
_FIRST_PAUSE = timedelta(minutes=1)


async def send_due_mails(services: Services) -> None:
    """Try every mail whose time has come, once each, and record what became of it."""
    for row in await due_mails(services.database, services.clock(), _AT_ONCE):
        after = await _tried(services, row)
        await services.database.commit(Change(writes=(Put(after),), audit=_audited(services, after)))


async def _tried(services: Services, row: OutboxRow) -> OutboxRow:
    """Send a mail; the row as it is then."""
    try:
        recipients = addresses_in(recipients_of(row))
        mail = Mail(subject=row.subject, message=row.message, recipients=recipients, key=f"outbox:{row.id}")
        refused = await services.mail.send(mail)
    except Invalid as error:
        # No later attempt would be taken either: an address that is none, or a refusal for good.
        return _ended(services, row, error.message)
    except CertloomError as error:
        return _failed(services, row, error.message)
    except Exception:  # noqa: BLE001 - one mail's trouble must not keep the others from being sent
        _log.exception("a mail could not be sent", mail=row.id)
        return _failed(services, row, f"An unexpected fault; the server's log explains it under mail {row.id}.")
    # The others have it: sending it again would reach them twice.
    return _ended(services, row, f"Not delivered to {'; '.join(refused)}." if refused else "")


def _ended(services: Services, row: OutboxRow, failure: str) -> OutboxRow:
    """The mail after its last attempt; ``failure`` is empty where everybody got it."""
    now = text_of(services.clock())
    return msgspec.structs.replace(row, attempts=row.attempts + 1, due_at=None, ended_at=now, failure=failure)


def _failed(services: Services, row: OutboxRow, failure: str) -> OutboxRow:
    """The mail after an attempt that may be repeated: due again after a pause that doubles, or given up."""
    attempts = row.attempts + 1
    _log.warning("a mail could not be sent", mail=row.id, attempt=attempts, failure=failure)
    if attempts >= _MOST_ATTEMPTS:
        return _ended(services, row, failure)
    due_at = text_of(services.clock() + _FIRST_PAUSE * 2 ** (attempts - 1))
    return msgspec.structs.replace(row, attempts=attempts, due_at=due_at, failure=failure)


def _audited(services: Services, row: OutboxRow) -> tuple[AuditEntry, ...]:
    """The first failure and the last are told; those between would only repeat it."""
    if not row.failure or (row.due_at is not None and row.attempts > 1):
        return ()
    next_ = "It is not tried again." if row.due_at is None else f"It is tried again, {_MOST_ATTEMPTS} times in all."
    message = f"{row.purpose} to {', '.join(recipients_of(row))} could not be sent: {row.failure} {next_}"
    target = ("WorkflowInstance", row.instance_id)
    told = entry(services, "system:outbox", Operation.SEND_MAIL, target, message, FAILURE, mail=row.id)
    return (told,)
