from certloom.identity.account import AccountNameInvalid, read_account_name
from certloom.identity.actor import SYSTEM_ACCOUNT_ID, Actor, system_actor
from certloom.identity.permission import MANAGE_INSTANCES, READ_INSTANCES, READ_MY_INSTANCES
from certloom.identity.role import Role


def test_an_actor_may_what_their_permissions_grant() -> None:
    role = Role(4, "Readers", "Everybody who may look", (READ_INSTANCES,))
    alice = Actor(7, read_account_name("CORP\\alice", ""), frozenset({role.id}), role.permissions)

    assert alice.display == "CORP\\alice"
    assert alice.may(READ_MY_INSTANCES)
    assert not alice.may(MANAGE_INSTANCES)


def test_h04_a_background_job_is_named_with_the_person_it_acts_for() -> None:
    assert system_actor("renewal").display == "system:renewal"
    actor = system_actor("renewal", on_behalf_of="CORP\\alice")
    assert actor.display == "system:renewal on behalf of CORP\\alice"
    assert actor.account_id == SYSTEM_ACCOUNT_ID
    assert actor.may(MANAGE_INSTANCES)


def test_h04_no_account_can_be_named_like_a_background_job() -> None:
    for job in (system_actor("renewal"), system_actor("renewal", on_behalf_of="CORP\\alice")):
        try:
            person = read_account_name(job.display, "")
        except AccountNameInvalid:
            continue
        raise AssertionError(person)


def test_a_background_job_is_never_equal_to_a_person() -> None:
    name = system_actor("renewal").name

    assert system_actor("renewal") != Actor(1, name, frozenset(), ("/",))
