import asyncio
import base64
import dataclasses
import ssl
from pathlib import Path

import msgspec
import pytest
from tests.store.conftest import Wakes, change_behind_its_back, entry

from certloom.clock import system_clock
from certloom.dispatch.in_process import InProcessDispatcher
from certloom.errors import CertloomError
from certloom.identity.actor import system_actor
from certloom.identity.password import PasswordHasher
from certloom.operations.checkpoints import AuditReport, last_checkpoint, read_saved, sign_checkpoint, verify_audit
from certloom.operations.services import Services
from certloom.outbound.guard import Allowed
from certloom.outbound.mail import MailServer, SmtpMailbox
from certloom.outbound.network import SystemNetwork
from certloom.outbound.step_http import StepHttp
from certloom.scripting.pwsh.interpreter import configured_pwsh
from certloom.settings import Settings
from certloom.store.audit import CheckpointRow, entry_hash
from certloom.store.change import Change, StoreUnavailable
from certloom.store.database import Database
from certloom.store.meta import MetaRow, read_meta
from certloom.store.rows import Put
from certloom.store.sealing import Seal
from certloom.store.sqlite import SqliteDatabase, connect

SEAL = Seal(bytes(32))


@pytest.fixture
async def services(database: SqliteDatabase) -> Services:
    """Ten entries, signed up to the seventh."""
    made = Services(
        database=database,
        dispatcher=InProcessDispatcher(),
        clock=system_clock,
        settings=Settings(),
        seal=SEAL,
        hasher=PasswordHasher(1, 8, 1),
        pwsh=configured_pwsh(Settings()),
        step_types={},
        workflow_types={},
        http=StepHttp(SystemNetwork(), Allowed(), ssl.create_default_context()),
        mail=SmtpMailbox(MailServer(), ssl.create_default_context(), system_clock),
    )
    await append(database, 7)
    await sign_checkpoint(made)
    await append(database, 3)
    return made


async def append(database: Database, count: int) -> None:
    for number in range(count):
        await database.commit(Change(audit=(entry(f"entry {number}"),)))


async def verified(services: Services) -> AuditReport:
    return await verify_audit(services.database, SEAL.audit_key().public_key())


def rewrite_from(path: Path, start: int, body: bytes | None = None) -> None:
    """What an attacker does who knows how the chain is made: change an entry and compute every later hash anew."""
    connection = connect(path)
    rows = connection.execute("SELECT seq, body FROM audit ORDER BY seq").fetchall()
    (previous,) = connection.execute("SELECT hash FROM audit WHERE seq = ?", (start - 1,)).fetchone()
    for seq, old in rows[start - 1 :]:
        new = body if seq == start and body is not None else old.replace(b"entry", b"edited")
        previous = entry_hash(previous, seq, new)
        connection.execute("UPDATE audit SET body = ?, hash = ? WHERE seq = ?", (new, previous, seq))
    connection.close()


async def test_h02_an_untouched_log_is_whole(services: Services) -> None:
    assert await verified(services) == AuditReport(10, 1, None)


async def test_h02_an_empty_log_is_whole(database: SqliteDatabase) -> None:
    assert await verify_audit(database, SEAL.audit_key().public_key()) == AuditReport(0, 0, None)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit WHERE seq = 4", "entry 4 is missing: entry 5 follows entry 3"),
        ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing: entry 2 follows entry 0"),
        (
            "UPDATE audit SET body = replace(body, 'entry 2', 'entry X') WHERE seq = 3",
            "entry 3 is not what was written",
        ),
        ("UPDATE audit SET hash = hash || '0' WHERE seq = 5", "entry 5 is not what was written"),
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 6", "entry 6: its columns were changed"),
        ("UPDATE audit SET level = 2 WHERE seq = 2", "entry 2: its columns were changed"),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 9", "entry 9: its columns were changed"),
        ("DELETE FROM audit WHERE seq > 6", "the log ends at entry 6, but a signed checkpoint covers entry 7"),
        ("DELETE FROM audit", "the log ends at entry 0, but a signed checkpoint covers entry 7"),
        ("UPDATE audit_checkpoint SET at = '2020-01-01T00:00:00.000Z'", "the checkpoint at entry 7 was not signed"),
        ("UPDATE audit_checkpoint SET signature = zeroblob(64)", "the checkpoint at entry 7 was not signed"),
    ],
)
async def test_h02_tampering_is_found_and_its_place_is_named(
    services: Services, path: Path, statement: str, told: str
) -> None:
    change_behind_its_back(path, statement)
    fault = (await verified(services)).fault
    assert fault is not None
    assert fault.startswith(told)


async def test_h02_two_entries_in_exchanged_order_are_found(services: Services, path: Path) -> None:
    columns = "at, actor, operation, entity_type, entity, level, body, hash"
    change_behind_its_back(
        path,
        "CREATE TABLE kept AS SELECT * FROM audit WHERE seq IN (3, 4)",
        *(
            f"UPDATE audit SET ({columns}) = (SELECT {columns} FROM kept WHERE seq = {7 - seq}) WHERE seq = {seq}"  # noqa: S608 - literals
            for seq in (3, 4)
        ),
    )
    assert (await verified(services)).fault == "entry 3 is not what was written, or one before it was changed"


async def test_h02_a_rewritten_tail_differs_from_its_checkpoint(services: Services, path: Path) -> None:
    rewrite_from(path, 5)
    fault = (await verified(services)).fault
    assert fault == "entry 7 or one before it was rewritten: a signed checkpoint says otherwise"


async def test_h02_an_entry_that_is_no_entry_is_told_and_not_stumbled_over(services: Services, path: Path) -> None:
    rewrite_from(path, 9, b"\xff no JSON")
    assert (await verified(services)).fault == "entry 9 is not an entry at all"


async def test_h02_another_installations_key_verifies_nothing(services: Services) -> None:
    stranger = Seal(bytes(31) + b"1").audit_key().public_key()
    report = await verify_audit(services.database, stranger)
    assert report.fault == "the checkpoint at entry 7 was not signed by this installation"


@pytest.fixture
async def signed_often(services: Services) -> Services:
    """Thirty entries, signed at 7, 10, 20 and 30."""
    await sign_checkpoint(services)
    for _ in range(2):
        await append(services.database, 10)
        await sign_checkpoint(services)
    return services


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit_checkpoint WHERE seq = 7", "the checkpoint at entry 10 is number 2: those before it"),
        ("DELETE FROM audit_checkpoint WHERE seq = 10", "a checkpoint between entry 7 and entry 20 is missing"),
        ("DELETE FROM audit_checkpoint WHERE seq IN (7, 10)", "the checkpoint at entry 20 is number 3"),
        ("UPDATE audit_checkpoint SET number = 9 WHERE seq = 20", "the checkpoint at entry 20 was not signed"),
        ("UPDATE audit_checkpoint SET previous = 'x' WHERE seq = 20", "the checkpoint at entry 20 was not signed"),
        ("UPDATE audit_checkpoint SET number = 0 WHERE seq = 7", "the checkpoint at entry 7 was not signed"),
    ],
)
async def test_h02_a_checkpoint_that_was_removed_is_missed(
    signed_often: Services, path: Path, statement: str, told: str
) -> None:
    change_behind_its_back(path, statement)
    fault = (await verified(signed_often)).fault
    assert fault is not None
    assert fault.startswith(told)


async def test_h02_a_log_cut_off_with_its_checkpoints_is_found_by_a_saved_one(
    signed_often: Services, path: Path
) -> None:
    key, saved = SEAL.audit_key().public_key(), await last_checkpoint(signed_often, system_actor("test"))
    assert (await verify_audit(signed_often.database, key, saved)).fault is None
    change_behind_its_back(path, "DELETE FROM audit_checkpoint WHERE seq = 30")
    removed = (await verify_audit(signed_often.database, key, saved)).fault
    assert removed == "the saved checkpoint at entry 30 is not among the log's own: checkpoints were removed"
    change_behind_its_back(path, "DELETE FROM audit WHERE seq > 20")
    assert (await verified(signed_often)).fault is None
    fault = (await verify_audit(signed_often.database, key, saved)).fault
    assert fault == "the log ends at entry 20, but the saved checkpoint covers entry 30: its tail was cut off"


async def test_h02_a_log_written_anew_behind_the_cut_differs_from_the_saved_checkpoint(
    signed_often: Services, path: Path
) -> None:
    saved = await last_checkpoint(signed_often, system_actor("test"))
    change_behind_its_back(path, "DELETE FROM audit_checkpoint WHERE seq > 20", "DELETE FROM audit WHERE seq > 20")
    reopened = SqliteDatabase(path, InProcessDispatcher())
    for number in range(15):
        await reopened.commit(Change(audit=(entry(f"another story {number}"),)))
    await sign_checkpoint(dataclasses.replace(signed_often, database=reopened))
    fault = (await verify_audit(reopened, SEAL.audit_key().public_key(), saved)).fault
    await reopened.close()
    assert fault == "entry 30 or one before it was rewritten: a signed checkpoint says otherwise"


async def test_a_saved_checkpoint_of_another_installation_proves_nothing(signed_often: Services) -> None:
    saved = await last_checkpoint(signed_often, system_actor("test"))
    forged = msgspec.structs.replace(saved, signature=base64.b64encode(bytes(64)).decode())
    report = await verify_audit(signed_often.database, SEAL.audit_key().public_key(), forged)
    assert report.fault == "the checkpoint at entry 30 was not signed by this installation"


async def test_checkpoints_from_before_the_numbering_still_count(services: Services) -> None:
    text = b"certloom audit checkpoint:7:then:"
    (row,) = await services.database.fetch_all("SELECT hash FROM audit WHERE seq = 7")
    old = CheckpointRow(
        seq=7, at="then", hash=row[0], signature=SEAL.audit_key().sign(text + row[0].encode()), number=0, previous=""
    )
    await services.database.commit(Change(writes=(Put(old),)))
    await sign_checkpoint(services)
    assert await verified(services) == AuditReport(10, 2, None)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"no JSON", b'{"number":1,"seq":1,"at":"","hash":"","previous":"","signature":"!"}']
)
def test_what_is_no_saved_checkpoint_is_told(text: bytes) -> None:
    with pytest.raises(CertloomError, match="certloom audit checkpoint"):
        read_saved(text)


async def test_a_checkpoint_is_signed_only_when_there_is_something_new(services: Services) -> None:
    for _ in range(2):
        await sign_checkpoint(services)
        assert (await verified(services)).checkpoints == 2


async def test_h02_two_writers_at_once_keep_one_chain(services: Services, path: Path, wakes: Wakes) -> None:
    other = SqliteDatabase(path, wakes)
    both = [services.database, other] * 20
    await asyncio.gather(*(one.commit(Change(audit=(entry(f"n{n}"), entry("and")))) for n, one in enumerate(both)))
    await other.close()
    assert await verified(services) == AuditReport(90, 1, None)


async def test_h03_what_cannot_be_audited_does_not_happen(services: Services, path: Path) -> None:
    change_behind_its_back(path, "ALTER TABLE audit RENAME TO gone")
    change = Change(writes=(Put(MetaRow(name="a", value="1")),), audit=(entry("unwritable"),), wake=("i",))
    with pytest.raises(StoreUnavailable, match="Nothing was changed"):
        await services.database.commit(change)
    assert await read_meta(services.database, "a") is None
    change_behind_its_back(path, "ALTER TABLE gone RENAME TO audit")
    await services.database.commit(change)
    assert await verified(services) == AuditReport(11, 1, None)


async def test_h05_a_body_holds_what_was_said_and_nothing_else(services: Services) -> None:
    row = await services.database.fetch_one("SELECT body FROM audit WHERE seq = 1")
    assert row is not None
    assert set(msgspec.json.decode(row[0])) == {
        "at", "actor", "operation", "entity_type", "entity", "message", "level", "details",
    }  # fmt: skip
