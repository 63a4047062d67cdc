import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.operations.conftest import ROOT, World, make_csr, step
from typing_extensions import override

from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import revoke_certificates
from certloom.operations.context import AuthorityNotFound
from certloom.operations.definitions import update_definition
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.known_keys import KeyNotAllowed
from certloom.operations.templates import TemplateNotAllowed, TemplateNotFound
from certloom.operations.triggers import DefinitionDisabled
from certloom.pki.authority import PolicyViolated
from certloom.pki.csr import RequestUnreadable
from certloom.workflow.instance import Status
from certloom.workflow.outcome import Fail, Outcome, Reject
from certloom.workflow.step import PureStep, StepView


class Ending(PureStep):
    """Ends as a test says, or with an error of its own."""

    extension_name = "Ending"
    display_name = "Ending"

    def __init__(self, outcome: Outcome | Exception) -> None:
        self.outcome = outcome

    @override
    def run(self, view: StepView) -> Outcome:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_a_repeat_within_ten_minutes_gets_the_same_instance(world: World) -> None:
    csr = make_csr()
    first = await world.enroll(csr=csr)
    again = await world.enroll(csr=csr)
    assert (again.instance.id, again.reference_id) == (first.instance.id, first.reference_id)
    assert await world.rows("instance") == 1


async def test_a_repeat_after_ten_minutes_is_a_new_request(world: World) -> None:
    csr = make_csr()
    first = await world.enroll(csr=csr)
    world.clock.moved += timedelta(minutes=11)
    assert (await world.enroll(csr=csr)).instance.id != first.instance.id


async def test_a_repeat_after_a_denial_is_a_new_request(world: World) -> None:
    csr = make_csr()
    first = await world.enroll(csr=csr)
    await world.deny("bob", first.instance)
    assert (await world.enroll(csr=csr)).instance.id != first.instance.id


async def test_a_repeat_after_the_issue_gets_the_same_certificate(world: World) -> None:
    csr = make_csr()
    first = await world.enroll(csr=csr)
    await world.vote("bob", first.instance)
    again = await world.enroll(csr=csr)
    assert again.instance.id == first.instance.id
    assert again.certificate is not None
    assert await world.certificates() == 1


async def test_a_repeat_after_the_revocation_is_a_new_request(world: World) -> None:
    await world.publish(step("EnrollStep"))
    csr = make_csr()
    first = (await world.enroll(csr=csr)).certificate
    assert first is not None
    await revoke_certificates(world.services, await world.actor("alice"), [first.id], 4, "replaced")
    second = (await world.enroll(csr=csr)).certificate
    assert second is not None
    assert second.id != first.id


async def test_the_same_request_of_somebody_else_is_another_request(world: World) -> None:
    csr = make_csr()
    first = await world.enroll(csr=csr)
    assert (await world.enroll("bob", csr=csr)).instance.id != first.instance.id


@pytest.mark.parametrize("key", [None, "order-4711"])
async def test_f07_twenty_equal_requests_at_once_are_one_instance(world: World, key: str | None) -> None:
    csr = make_csr()
    answers = await asyncio.gather(*(world.enroll(csr=csr, idempotency_key=key) for _ in range(20)))
    assert len({answer.instance.id for answer in answers}) == 1
    assert await world.rows("instance") == 1


async def test_f07_another_idempotency_key_is_another_request(world: World) -> None:
    csr = make_csr()
    ids = {(await world.enroll(csr=csr, idempotency_key=key)).instance.id for key in ("a", "b", "a", None)}
    assert len(ids) == 3


async def test_e04_a_key_revoked_for_compromise_gets_no_certificate(world: World) -> None:
    await world.publish(step("EnrollStep"))
    key = ec.generate_private_key(ec.SECP256R1())
    issued = await world.enroll(csr=make_csr(key=key))
    assert issued.certificate is not None
    await revoke_certificates(world.services, await world.actor("alice"), [issued.certificate.id], 1, "stolen")
    with pytest.raises(KeyNotAllowed, match="key compromise"):
        await world.enroll(csr=make_csr("web02.corp.example", key))
    assert (await world.certificates(), await world.rows("instance")) == (1, 2)


async def test_e04_a_key_known_as_somebody_elses_gets_no_certificate(world: World) -> None:
    await world.publish(step("EnrollStep"))
    key = ec.generate_private_key(ec.SECP256R1())
    await world.enroll(csr=make_csr(key=key))
    with pytest.raises(KeyNotAllowed, match="somebody else"):
        await world.enroll("bob", csr=make_csr("web02.corp.example", key))
    assert (await world.enroll(csr=make_csr("web02.corp.example", key))).certificate is not None


async def test_e04_a_key_compromised_while_its_request_waits_gets_no_certificate(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    waiting = (await world.enroll(csr=make_csr(key=key))).instance
    await world.publish(step("EnrollStep"))
    issued = (await world.enroll(csr=make_csr("web02.corp.example", key))).certificate
    assert issued is not None
    await revoke_certificates(world.services, await world.actor("alice"), [issued.id], 1, "stolen")
    after = await world.vote("bob", waiting)
    assert after.status is Status.FAILED
    assert "key compromise" in after.message
    assert await world.certificates() == 1


async def test_e04_a_key_two_people_asked_with_goes_to_one_of_them(world: World) -> None:
    await world.person("dave", "Approvers")
    key = ec.generate_private_key(ec.SECP256R1())
    requests = [(await world.enroll(name, csr=make_csr(key=key))).instance for name in ("alice", "bob")]
    first, second = [await world.vote("dave", request) for request in requests]
    assert (first.status, second.status) == (Status.COMPLETE, Status.FAILED)
    assert "somebody else" in second.message


async def test_an_unknown_template_or_authority_is_told_with_the_known_ones(world: World) -> None:
    with pytest.raises(TemplateNotFound, match="Known: WebServer"):
        await world.enroll(template="Webserwer")
    with pytest.raises(AuthorityNotFound, match="Known: certloom Issuing CA"):
        await world.enroll(authority="host\\Other CA")
    assert await world.rows("instance") == 0


async def test_an_authority_may_be_named_with_its_host_and_in_any_case(world: World) -> None:
    enrolled = await world.enroll(authority="anything\\CERTLOOM issuing ca")
    assert enrolled.instance.data["CertificateAuthority"] == "certloom\\certloom Issuing CA"


async def test_every_violation_is_named_and_nothing_is_started(world: World) -> None:
    sans = {"dns": ["a.elsewhere.example", "*.corp.example"], "ip": ["192.0.2.1"]}
    with pytest.raises(PolicyViolated) as refused:
        await world.enroll(sans=sans)
    told = " ".join(refused.value.violations)
    for part in ("a.elsewhere.example", "*.corp.example", "ip"):
        assert part in told
    assert await world.rows("instance") == 0


async def test_an_unreadable_request_starts_nothing(world: World) -> None:
    with pytest.raises(RequestUnreadable):
        await world.enroll(csr="no request")
    assert await world.rows("instance") == 0


async def test_a_template_may_be_for_holders_of_a_role_only(world: World) -> None:
    await world.apply_template(allowed_requesters=["requesters"])
    with pytest.raises(TemplateNotAllowed, match="requesters"):
        await world.enroll("bob")
    assert (await world.enroll("alice")).instance.status is Status.SUSPENDED


async def test_without_the_permission_nothing_is_read_or_started(world: World) -> None:
    with pytest.raises(PermissionMissing, match="/certificates/enrollment/csr/"):
        await world.enroll("carol", template="unknown")


async def test_a_certificate_whose_later_step_failed_is_still_handed_out(world: World) -> None:
    world.register(Ending(Fail("the mail server refused")))
    await world.publish(step("EnrollStep"), step("Ending"))
    enrolled = await world.enroll()
    assert enrolled.instance.status is Status.FAILED
    assert enrolled.instance.message == "Step Ending1 failed: the mail server refused"
    assert enrolled.certificate is not None
    assert len(enrolled.chain) == 2


async def test_an_unexpected_fault_is_told_by_reference_only(world: World) -> None:
    world.register(Ending(RuntimeError("the secret is 4711")))
    await world.publish(step("Ending"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match="an unexpected fault; the server's log explains it") as failed:
        await world.enroll()
    assert "4711" not in failed.value.message


async def test_a_denial_while_the_caller_waits_is_told_to_them(world: World) -> None:
    world.register(Ending(Reject("CORP\\bob", "Denied by CORP\\bob: not today")))
    await world.publish(step("Ending"), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=r"was denied .*not today"):
        await world.enroll()
    assert await world.certificates() == 0


async def test_a_definition_that_is_switched_off_refuses_instead_of_falling_back(world: World) -> None:
    await update_definition(world.services, ROOT, world.definition, display_name="Web", description="", enabled=False)
    with pytest.raises(DefinitionDisabled, match="Web is switched off"):
        await world.enroll()
    assert (await world.rows("instance"), await world.certificates()) == (0, 0)
