from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from tests.operations.conftest import World, step

from certloom.operations.definition_steps import StepDraft
from certloom.operations.enrollment import EnrollmentFailed
from certloom.pki.certificate import describe
from certloom.pki.subject import read_subject, subject_parts, with_parts
from certloom.steps.update_subject_sans import UpdateSubjectSans
from certloom.workflow.instance import Status


def rewriting(**parameters: Any) -> StepDraft:
    return step("UpdateSubjectSANs", parameters=parameters)


def test_parts_are_replaced_in_place_added_at_the_end_and_removed() -> None:
    subject = "CN=web01.corp.example,OU=a,OU=b,O=Old"
    assert with_parts(subject, {"o": "New, Inc.", "L": "Bonn"}) == (
        "CN=web01.corp.example,OU=a,OU=b,O=New\\, Inc.,L=Bonn"
    )
    assert with_parts(subject, {"OU": "c"}) == "CN=web01.corp.example,OU=c,O=Old"
    assert with_parts(subject, {"OU": "", "O": ""}) == "CN=web01.corp.example"


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=16))
def test_d01_a_value_is_one_value_whatever_it_holds(value: str) -> None:
    changed = with_parts("CN=web01.corp.example,O=Old", {"O": value})
    assert subject_parts(read_subject(changed)) == (("CN", "web01.corp.example"), ("O", value))


async def test_a_rewritten_request_is_what_is_approved_and_issued(world: World) -> None:
    await world.apply_template(san_rules={"dns": r".*\.corp\.example"})
    update = rewriting(SubjectParts={"O": "$(metadata:Team)"}, SANs={"DNS": "$(Extra); web01.corp.example"})
    await world.publish(
        step("PowerShell", parameters={"ScriptContent": "return @{ Extra = 'www.corp.example' }"}),
        update,
        world.approval(),
        step("EnrollStep"),
    )
    before = (await world.enroll(metadata={"Team": "Shop, Inc."})).instance
    assert before.data["Subject"] == "CN=web01.corp.example,O=Shop\\, Inc."
    assert before.data["SANs"] == {"dns": ["www.corp.example", "web01.corp.example"]}
    after = await world.vote("bob", before)
    assert after.status is Status.COMPLETE
    ((der,),) = await world.services.database.fetch_all("SELECT der FROM certificate")
    names = [value for value, _ in describe(der).sans]
    assert (describe(der).issued_dn, names) == (before.data["Subject"], before.data["SANs"]["dns"])
    assert x509.load_der_x509_certificate(der).subject == read_subject(before.data["Subject"])


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"SANs": {"dns": ["www.elsewhere.example"]}}, "does not match"),
        ({"SANs": {"ip": ["10.0.0.1"]}}, "not allowed"),
        ({"SubjectParts": {"CN": ""}}, "lacks CN"),
        ({"SubjectParts": {"C": "Germany"}}, "Germany"),
        ({"SANs": {"dns": ["not a name"]}}, "not a name"),
    ],
)
async def test_what_the_template_refuses_is_refused_with_its_rule_and_nothing_is_changed(
    world: World, parameters: dict[str, Any], told: str
) -> None:
    await world.publish(rewriting(**parameters), step("EnrollStep"))
    with pytest.raises(EnrollmentFailed, match=told):
        await world.enroll()
    ((data,),) = await world.services.database.fetch_all("SELECT data FROM instance")
    assert '"Subject":"CN=web01.corp.example"' in data
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)


async def test_a09_a_request_rewritten_after_its_approval_is_not_issued(world: World) -> None:
    await world.publish(world.approval(), rewriting(SubjectParts={"O": "Corp"}), step("EnrollStep"))
    after = await world.vote("bob", (await world.enroll()).instance)
    assert after.status is Status.FAILED
    assert "has changed since in: Subject. Restart" in after.message
    assert (await world.certificates(), await world.rows("issuance")) == (0, 0)


def test_a_step_that_would_change_nothing_or_names_unknown_parts_is_a_fault() -> None:
    rewrite = UpdateSubjectSans()
    assert rewrite.faults({}) == ("SubjectParts or SANs must say what to change",)
    faults = rewrite.faults({"SubjectParts": {"XX": "a"}, "SANs": {"x400": []}})
    assert [fault.partition(" is not one of ")[0] for fault in faults] == ["SubjectParts: XX", "SANs: x400"]
    assert rewrite.faults({"SubjectParts": {"cn": "a"}, "SANs": {"DNS": []}}) == ()
