import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.operations.conftest import PASSWORD, ROOT, World, opened

from certloom.identity.account import AccountNameInvalid
from certloom.identity.permission import PermissionUnknown
from certloom.operations.access import PermissionMissing
from certloom.operations.accounts import (
    AccountExists,
    AccountNotFound,
    PasswordRefused,
    change_password,
    create_account,
)
from certloom.operations.authentication import CredentialsRefused, TooManyFailures
from certloom.operations.first_administrator import TokenRefused, issue_first_admin_token, redeem_first_admin_token
from certloom.operations.instances import InstanceNotFound, assigned_instances, instances, my_instances, read_one
from certloom.operations.people import PeopleChanged, RoleNotFound
from certloom.operations.roles import RoleExists, assign_role, create_role, roles
from certloom.store.paging import Paging
from certloom.workflow.instance import Instance

ALL, MINE, PENDING = (
    "/workflows/instances/read/",
    "/workflows/instances/read/mine/",
    "/workflows/instances/read/pending/",
)


async def waiting(world: World) -> Instance:
    return (await world.enroll()).instance


async def holding(world: World, name: str, *permissions: str) -> None:
    await create_role(world.services, ROOT, f"role of {name}", permissions)
    await world.person(name, f"role of {name}")


async def readable(world: World, name: str, instance: Instance) -> bool:
    try:
        await read_one(world.services, await world.actor(name), UUID(instance.id))
    except InstanceNotFound:
        return False
    return True


@pytest.mark.parametrize("spelling", ["CORP\\alice", "corp\\ALICE", "Alice@corp"])
async def test_three_spellings_are_one_account(world: World, spelling: str) -> None:
    actor = await world.certloom.authenticator.password(spelling, PASSWORD, "192.0.2.1")
    assert actor == await world.actor("alice")
    with pytest.raises(AccountExists, match="There is an account"):
        await create_account(world.services, ROOT, spelling, PASSWORD)


@pytest.mark.parametrize(("name", "password"), [("CORP\\alice", "wrong"), ("CORP\\nobody", PASSWORD), ("a\\b\\c", "x")])
async def test_wrong_credentials_are_refused_alike(world: World, name: str, password: str) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        await world.certloom.authenticator.password(name, password, "192.0.2.1")
    assert refused.value.message == "The user name or the password is wrong."


async def test_guessing_is_stopped_and_written_down_once(world: World) -> None:
    for _ in range(10):
        with pytest.raises(CredentialsRefused):
            await world.certloom.authenticator.password("CORP\\bob", "wrong", "192.0.2.1")
    with pytest.raises(TooManyFailures):
        await world.certloom.authenticator.password("CORP\\bob", PASSWORD, "192.0.2.1")
    assert len(await world.audited("authenticate", level=1)) == 1


async def test_a_changed_password_counts_at_once(world: World) -> None:
    await world.certloom.authenticator.password("CORP\\bob", PASSWORD, "192.0.2.1")
    await change_password(world.services, ROOT, "bob@corp", "battery staple horse")
    with pytest.raises(CredentialsRefused):
        await world.certloom.authenticator.password("CORP\\bob", PASSWORD, "192.0.2.1")
    await world.certloom.authenticator.password("CORP\\bob", "battery staple horse", "192.0.2.1")


@pytest.mark.parametrize("password", ["short", "CORP\\dave", "x" * 2000])
async def test_a_password_easy_to_guess_is_refused(world: World, password: str) -> None:
    with pytest.raises(PasswordRefused):
        await create_account(world.services, ROOT, "CORP\\dave", password)
    with pytest.raises(AccountNotFound):
        await change_password(world.services, ROOT, "CORP\\dave", PASSWORD)


async def test_b09_no_password_is_kept_or_audited(world: World) -> None:
    for table in ("audit", "account", "journal", "instance"):
        for row in await world.services.database.fetch_all(f"SELECT * FROM {table}"):  # noqa: S608 - see above
            assert PASSWORD not in str(row)


async def test_an_account_name_must_be_one(world: World) -> None:
    with pytest.raises(AccountNameInvalid):
        await create_account(world.services, ROOT, "a:b", PASSWORD)


async def test_roles_are_named_once_and_hold_known_permissions(world: World) -> None:
    with pytest.raises(RoleExists):
        await create_role(world.services, ROOT, " APPROVERS ", [])
    with pytest.raises(PermissionUnknown, match="nearest"):
        await create_role(world.services, ROOT, "New", ["/workflow/instances/read/"])
    with pytest.raises(RoleNotFound, match="Known: Administrators, Approvers, Requesters"):
        await assign_role(world.services, ROOT, "New", "CORP\\bob")
    made = await create_role(world.services, ROOT, " New ", [ALL])
    assert made.name == "New"


async def test_a_role_lists_who_holds_it(world: World) -> None:
    held = {role.name: [row.display for row in holders] for role, holders in await roles(world.services, ROOT)}
    assert held["Approvers"] == ["CORP\\alice", "CORP\\bob"]
    await assign_role(world.services, ROOT, "approvers", "CORP\\bob", remove=True)
    held = {role.name: [row.display for row in holders] for role, holders in await roles(world.services, ROOT)}
    assert held["Approvers"] == ["CORP\\alice"]


async def test_without_any_permission_to_read_the_answer_is_forbidden(world: World) -> None:
    with pytest.raises(PermissionMissing, match="/workflows/instances/read/"):
        await read_one(world.services, await world.actor("carol"), UUID((await waiting(world)).id))


@pytest.mark.parametrize("permission", [ALL, "/Workflows/Instances/Read", "WorkflowInstances:ReadAll", "/"])
async def test_who_may_read_all_reads_all(world: World, permission: str) -> None:
    await holding(world, "rita", permission)
    assert await readable(world, "rita", await waiting(world))
    assert (await instances(world.services, await world.actor("rita"), Paging(), None)).total == 1


@pytest.mark.parametrize("permission", [MINE, "WorkflowInstances:ReadMy"])
async def test_who_may_read_their_own_reads_no_other(world: World, permission: str) -> None:
    await holding(world, "rita", permission, "/certificates/enrollment/csr/")
    others, own = await waiting(world), (await world.enroll("rita")).instance
    assert await readable(world, "rita", own)
    assert not await readable(world, "rita", others)
    rita = await world.actor("rita")
    assert [row.id for row in (await my_instances(world.services, rita, Paging(), None)).rows] == [own.id]
    with pytest.raises(PermissionMissing):
        await instances(world.services, rita, Paging(), None)


@pytest.mark.parametrize("permission", [PENDING, "WorkflowInstances:ReadAssignedToMe"])
async def test_who_may_read_what_is_pending_keeps_reading_what_they_signalled(world: World, permission: str) -> None:
    await create_role(world.services, ROOT, "Pending only", [permission])
    await world.person("dave", "Approvers", "Pending only")
    before = await waiting(world)
    assert await readable(world, "dave", before)
    dave = await world.actor("dave")
    assert [row.id for row in (await assigned_instances(world.services, dave, Paging(), None)).rows] == [before.id]
    await world.vote("dave", before)
    assert await readable(world, "dave", before)
    assert (await assigned_instances(world.services, dave, Paging(), None)).total == 0


async def test_what_somebody_else_decided_is_no_longer_pending(world: World) -> None:
    await holding(world, "dave", PENDING)
    await assign_role(world.services, ROOT, "Approvers", "CORP\\dave")
    before = await world.vote("bob", await waiting(world))
    assert not await readable(world, "dave", before)


async def test_scopes_add_up(world: World) -> None:
    await holding(world, "rita", MINE, PENDING, "/certificates/enrollment/csr/")
    await assign_role(world.services, ROOT, "Approvers", "CORP\\rita")
    others, own = await waiting(world), (await world.enroll("rita")).instance
    assert await readable(world, "rita", others)
    assert await readable(world, "rita", own)


async def test_the_requesters_own_instance_is_not_assigned_to_them(world: World) -> None:
    before = await waiting(world)
    alice, bob = await world.actor("alice"), await world.actor("bob")
    assert (await assigned_instances(world.services, alice, Paging(), None)).total == 0
    assert [row.id for row in (await assigned_instances(world.services, bob, Paging(), None)).rows] == [before.id]


async def test_a_waiting_instance_shows_its_signal_and_a_finished_one_none(world: World) -> None:
    before = await waiting(world)
    shown = await read_one(world.services, ROOT, UUID(before.id))
    ((name, received),) = [(signal.name, signal.received) for signal in shown.signals]
    assert (name, received) == ("ApprovalStatus", False)
    await world.vote("bob", before)
    assert (await read_one(world.services, ROOT, UUID(before.id))).signals == ()


async def test_the_first_administrator_is_made_by_a_token_that_works_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as certloom:
        services = certloom.services
        token = await issue_first_admin_token(services, ROOT, timedelta(hours=1))
        with pytest.raises(PasswordRefused):
            await redeem_first_admin_token(services, ROOT, token, "root", "short")
        await redeem_first_admin_token(services, ROOT, token, "root", PASSWORD)
        root = await certloom.authenticator.password("root", PASSWORD, "192.0.2.1")
        assert root.permissions == ("/",)
        with pytest.raises(TokenRefused):
            await redeem_first_admin_token(services, ROOT, token, "other", PASSWORD)


async def test_an_account_comes_with_its_roles_or_not_at_all(world: World) -> None:
    with pytest.raises(RoleNotFound):
        await create_account(world.services, ROOT, "CORP\\dave", PASSWORD, ("Approvers", "No such role"))
    before = await world.rows("account")
    await create_account(world.services, ROOT, "CORP\\dave", PASSWORD, ("Approvers", "requesters"))
    assert await world.rows("account") == before + 1
    assert len((await world.actor("dave")).role_ids) == 2


async def test_a_change_to_people_decided_on_what_is_no_longer_so_is_refused(world: World) -> None:
    both = await asyncio.gather(
        *(create_account(world.services, ROOT, f"CORP\\new{number}", PASSWORD) for number in range(2)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, PeopleChanged) for one in both) == 1
    assert await world.rows("account") == 4


async def test_a_token_expires_and_is_kept_as_digest_only(world: World) -> None:
    token = await issue_first_admin_token(world.services, ROOT, timedelta(hours=1))
    rows = await world.services.database.fetch_all("SELECT * FROM token")
    assert token not in str(rows)
    world.clock.moved += timedelta(hours=2)
    with pytest.raises(TokenRefused, match="expired"):
        await redeem_first_admin_token(world.services, ROOT, token, "root", PASSWORD)
