from pathlib import Path

import pytest
from tests.operations.conftest import World, opened, step, world_of

from certloom.app import running
from certloom.operations.checkpoints import verify_audit
from certloom.store.change import StoreUnavailable
from certloom.store.data_folder import DataFolderHeld
from certloom.store.sealing import KeyFileUnusable
from certloom.store.sqlite import connect
from certloom.workflow.instance import Status


def content(data_folder: Path) -> list[object]:
    connection = connect(data_folder / "certloom.db")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]  # noqa: S608 - its own names
    connection.close()
    return [tables, rows]


async def refused(data_folder: Path, why: str) -> None:
    before = content(data_folder)
    with pytest.raises(KeyFileUnusable, match=why):
        async with opened(data_folder):
            pass
    assert content(data_folder) == before


async def test_another_key_file_is_refused_and_nothing_is_changed(data_folder: Path) -> None:
    (data_folder / "certloom.key").write_text("00" * 32)
    await refused(data_folder, "Put the right key file back")


async def test_a_missing_key_file_is_refused_and_none_is_made(data_folder: Path) -> None:
    (data_folder / "certloom.key").unlink()
    await refused(data_folder, "missing")
    assert not (data_folder / "certloom.key").exists()


async def test_a_key_file_others_may_read_is_refused(data_folder: Path) -> None:
    (data_folder / "certloom.key").chmod(0o640)
    await refused(data_folder, "chmod 600")


async def test_opening_again_changes_nothing(data_folder: Path) -> None:
    before = content(data_folder)
    async with opened(data_folder):
        pass
    assert content(data_folder) == before


async def test_a_second_server_on_the_same_folder_is_refused(world: World) -> None:
    async with opened(world.certloom.folder.path) as second:
        with pytest.raises(DataFolderHeld, match="process id"):
            async with running(second):
                pass


async def test_the_authorities_keys_are_stored_sealed(data_folder: Path) -> None:
    stored = (data_folder / "certloom.db").read_bytes()
    async with opened(data_folder) as certloom:
        (row,) = await certloom.services.database.fetch_all(
            "SELECT sealed_key, name FROM authority WHERE parent IS NULL"
        )
        plain = certloom.services.seal.open(row[0], f"private key of {row[1]}")
    assert plain not in stored
    assert b"PRIVATE KEY" not in stored


async def test_h02_a_stopped_server_leaves_a_signed_log(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        await world.enroll()
    async with opened(data_folder) as certloom:
        report = await verify_audit(certloom.services.database, certloom.services.seal.audit_key().public_key())
        head = await certloom.services.database.fetch_one("SELECT max(seq) FROM audit")
        signed = await certloom.services.database.fetch_one("SELECT max(seq) FROM audit_checkpoint")
    assert report.fault is None
    assert head == signed == (report.entries,)


async def test_h03_while_nothing_can_be_audited_nothing_is_started_voted_or_issued(world: World) -> None:
    before = (await world.enroll()).instance
    rename = "ALTER TABLE {} RENAME TO {}"
    side = connect(world.certloom.folder.database)
    side.execute(rename.format("audit", "gone"))
    for action in (world.enroll(), world.vote("bob", before), world.apply_template(validity_days=1)):
        with pytest.raises(StoreUnavailable):
            await action
    side.execute(rename.format("gone", "audit"))
    side.close()
    assert (await world.instance(before.id), await world.certificates()) == (before, 0)
    assert await world.rows("instance") == 1
    assert (await world.vote("bob", before)).status is Status.COMPLETE


async def test_h04_what_the_system_does_is_audited_in_somebodys_name(world: World) -> None:
    await world.vote("bob", (await world.enroll()).instance)
    started, planned, issued = await world.audited("enroll")
    assert started.actor == "CORP\\alice"
    assert planned.actor == issued.actor == "system:workflow on behalf of CORP\\alice"
    (vote,) = await world.audited("signal instance")
    assert (vote.actor, len(vote.details["digest"])) == ("CORP\\bob", 64)


async def test_without_its_linter_nothing_is_issued(world: World) -> None:
    await world.publish(step("EnrollStep"))
    await world.certloom.linter.close()
    waiting = (await world.enroll()).instance
    assert (waiting.status, waiting.wake_at is not None) == (Status.RUNNING, True)
    assert "nothing can be signed" in waiting.message
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)
