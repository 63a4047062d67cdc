import asyncio
import base64
import re
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7
from tests.api.conftest import GUID, Site, make_csr

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMBERS = [
    "SerialNumber",
    "IssuerDN",
    "Thumbprint",
    "KeyfactorID",
    "Certificates",
    "WorkflowInstanceId",
    "WorkflowReferenceId",
    "KeyfactorRequestId",
    "RequestDisposition",
    "DispositionMessage",
    "EnrollmentContext",
]
# The certificates stand in the order asked for, which the library reads only as BER.
IN_ORDER = pytest.mark.filterwarnings("ignore:PKCS#7 certificates could not be parsed as DER")
NOTHING_YET: dict[str, object] = {
    "SerialNumber": None,
    "IssuerDN": None,
    "Thumbprint": None,
    "KeyfactorID": 0,
    "Certificates": [],
    "KeyfactorRequestId": 0,
    "RequestDisposition": "PENDING",
    "EnrollmentContext": None,
}


def information(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert list(body) == ["CertificateInformation", "Metadata"]
    assert list(body["CertificateInformation"]) == MEMBERS
    found: dict[str, Any] = body["CertificateInformation"]
    return found


async def test_an_issued_request_is_answered_with_the_chain_from_leaf_to_root(site: Site) -> None:
    answer = await site.enroll("alice", "Direct")
    found = information(answer)
    assert found["RequestDisposition"] == "ISSUED"
    assert (found["DispositionMessage"], found["KeyfactorRequestId"], found["EnrollmentContext"]) == ("", 0, None)
    heads = [certificate.split("\n", 2)[:2] for certificate in found["Certificates"]]
    assert heads == [
        ["#CN=web01.corp.example", "-----BEGIN CERTIFICATE-----"],
        ["#CN=certloom Issuing CA", "-----BEGIN CERTIFICATE-----"],
        ["#CN=certloom Root CA", "-----BEGIN CERTIFICATE-----"],
    ]
    leaf, issuing, root = [x509.load_pem_x509_certificate(each.encode()) for each in found["Certificates"]]
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert found["SerialNumber"] == f"{leaf.serial_number:X}".zfill(len(found["SerialNumber"]))
    assert re.fullmatch("[0-9A-F]{40}", found["Thumbprint"])
    assert found["IssuerDN"] == "CN=certloom Issuing CA"
    assert (await site.instance(found["WorkflowInstanceId"]))["Status"] == "Complete"


async def test_the_id_in_the_answer_is_the_certificates_and_the_guid_the_instances(site: Site) -> None:
    found = information(await site.enroll("alice", "Direct"))
    certificate = (await site.get("alice", f"/Certificates/{found['KeyfactorID']}")).json()
    instance = await site.instance(found["WorkflowInstanceId"])
    assert (certificate["Thumbprint"], certificate["SerialNumber"]) == (found["Thumbprint"], found["SerialNumber"])
    assert instance["ReferenceId"] == found["WorkflowReferenceId"]
    assert type(found["KeyfactorID"]) is int


async def test_a_suspended_request_is_answered_with_nulls_and_what_it_waits_for(site: Site) -> None:
    found = information(await site.enroll())
    assert NOTHING_YET.items() <= found.items()
    assert re.fullmatch(GUID, found["WorkflowInstanceId"])
    assert type(found["WorkflowReferenceId"]) is int
    assert found["DispositionMessage"] == (
        "The request is suspended in workflow WebServer enrollment: Awaiting 1 more approval(s) from approval roles. "
        f"Roles: Approvers. GET /Workflow/Instances/{found['WorkflowInstanceId']} tells where it stands."
    )


async def test_a_request_still_running_when_the_wait_ends_says_so(site: Site) -> None:
    found = information(await site.enroll("alice", "Held", headers={"Prefer": "respond-async, wait=0"}))
    assert NOTHING_YET.items() <= found.items()
    assert found["DispositionMessage"] == (
        "The request is still running in workflow Held enrollment. "
        f"GET /Workflow/Instances/{found['WorkflowInstanceId']} tells where it stands."
    )
    assert (await site.instance(found["WorkflowInstanceId"]))["Status"] == "Running"


async def test_the_same_request_again_waits_for_the_instance_that_runs_already(site: Site) -> None:
    csr = make_csr()
    first = information(await site.enroll("alice", "Held", csr=csr, headers={"Prefer": "wait=0"}))
    again = asyncio.create_task(site.enroll("alice", "Held", csr=csr, headers={"Prefer": "wait=30"}))
    await asyncio.sleep(0)
    site.holding.released.set()
    second = information(await again)
    site.holding.released.clear()
    assert second["WorkflowInstanceId"] == first["WorkflowInstanceId"]
    assert second["RequestDisposition"] == "ISSUED"


async def test_a_workflow_that_fails_before_the_certificate_is_a_400_with_the_instance(site: Site) -> None:
    certificates = await site.rows("certificate")
    answer = await site.enroll("alice", "Broken")
    message = answer.json()["Message"]
    (instance_id,) = re.findall(GUID, message)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, "0xA011000B")
    assert message.startswith("The enrollment failed before a certificate was issued: Step FailingStep1 failed:")
    assert (await site.instance(instance_id))["Status"] == "Failed"
    assert await site.rows("certificate") == certificates


async def test_a_request_denied_while_its_caller_waits_is_a_400_with_the_instance(site: Site) -> None:
    answer = await site.enroll("alice", "Refused", headers={"Prefer": "wait=10"})
    message = answer.json()["Message"]
    (instance_id,) = re.findall(GUID, message)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, "0xA011000B")
    assert message.startswith("The enrollment was denied before a certificate was issued: the policy says no")
    assert (await site.instance(instance_id))["Status"] == "Rejected"


async def test_the_wait_ends_at_the_first_suspension_however_long_it_may_be(site: Site) -> None:
    csr = make_csr()
    first = information(await site.enroll(csr=csr, headers={"Prefer": "wait=60"}))
    again = information(await site.enroll(csr=csr, headers={"Prefer": "wait=60"}))
    assert again == first


async def test_after_a_denial_the_same_request_starts_a_new_instance(site: Site) -> None:
    csr = make_csr()
    first = information(await site.enroll(csr=csr))["WorkflowInstanceId"]
    assert (await site.signal("bob", first, {"Approved": False})).status_code == 204
    second = information(await site.enroll(csr=csr))
    assert second["WorkflowInstanceId"] != first
    assert second["RequestDisposition"] == "PENDING"


async def test_f07_after_the_approval_the_same_request_gets_the_certificate_and_never_a_second_one(
    site: Site,
) -> None:
    csr = make_csr()
    first = information(await site.enroll(csr=csr))["WorkflowInstanceId"]
    assert (await site.signal("bob", first)).status_code == 204
    certificates = await site.rows("certificate")
    answers = [information(await site.enroll(csr=csr)) for _ in range(3)]
    assert [answer["WorkflowInstanceId"] for answer in answers] == [first] * 3
    assert answers[0]["RequestDisposition"] == "ISSUED"
    assert await site.rows("certificate") == certificates


async def test_f07_an_idempotency_key_parts_requests_that_are_equal_otherwise(site: Site) -> None:
    csr = make_csr()
    one = information(await site.enroll(csr=csr, headers={"Idempotency-Key": "one"}))["WorkflowInstanceId"]
    same = information(await site.enroll(csr=csr, headers={"Idempotency-Key": "one"}))["WorkflowInstanceId"]
    other = information(await site.enroll(csr=csr, headers={"Idempotency-Key": "two"}))["WorkflowInstanceId"]
    assert one == same != other


async def test_f07_equal_requests_at_the_same_moment_start_one_instance(site: Site) -> None:
    csr = make_csr()
    answers = await asyncio.gather(*(site.enroll(csr=csr) for _ in range(8)))
    assert len({information(answer)["WorkflowInstanceId"] for answer in answers}) == 1


async def test_a_certificate_stays_an_answer_though_a_later_step_failed(site: Site) -> None:
    found = information(await site.enroll("alice", "LateBroken"))
    instance = await site.instance(found["WorkflowInstanceId"])
    assert (found["RequestDisposition"], len(found["Certificates"])) == ("ISSUED", 3)
    assert (instance["Status"], instance["CurrentStepUniqueName"]) == ("Failed", "FailingStep1")


async def test_chain_and_subject_lines_are_left_out_where_the_request_says_so(site: Site) -> None:
    found = information(await site.enroll("alice", "Direct", IncludeChain="false", includeSubjectHeader=False))
    (certificate,) = found["Certificates"]
    assert certificate.startswith("-----BEGIN CERTIFICATE-----\n")


@IN_ORDER
async def test_formats_der_and_p7b_are_base64(site: Site) -> None:
    der = information(await site.enroll("alice", "Direct", headers={"x-certificateformat": "der"}))
    bundle = information(await site.enroll("alice", "Direct", headers={"X-CertificateFormat": "P7B"}))
    leaf = x509.load_der_x509_certificate(base64.b64decode(der["Certificates"][0]))
    (content,) = bundle["Certificates"]
    inside = pkcs7.load_der_pkcs7_certificates(base64.b64decode(content))
    assert [len(der["Certificates"]), len(inside)] == [3, 3]
    assert leaf.subject.rfc4514_string() == "CN=web01.corp.example"


async def test_metadata_of_the_answer_is_what_takes_effect(site: Site) -> None:
    answer = await site.enroll("alice", "Direct", Metadata={"Team": "shop", "Floor": 3, "Empty": None})
    certificate = (
        await site.get("alice", f"/Certificates/{answer.json()['CertificateInformation']['KeyfactorID']}")
    ).json()
    assert answer.json()["Metadata"] == certificate["Metadata"] == {"Team": "shop", "Floor": "3"}


async def test_names_in_the_request_replace_those_of_the_csr(site: Site) -> None:
    csr = make_csr("web01.corp.example", ["old.corp.example"])
    named = information(await site.enroll("alice", "Direct", csr=csr, SANs={"dns": ["New.corp.example"], "ip": None}))
    certificate = (await site.get("alice", f"/Certificates/{named['KeyfactorID']}")).json()
    values = [element["Value"] for element in certificate["SubjectAltNameElements"]]
    assert values == ["new.corp.example", "web01.corp.example"]


@pytest.mark.parametrize("sans", [None, {}, {"dns": []}, {"dns": None}])
async def test_no_names_in_the_request_leave_those_of_the_csr(site: Site, sans: object) -> None:
    csr = make_csr("web01.corp.example", ["old.corp.example"])
    found = information(await site.enroll("alice", "Direct", csr=csr, SANs=sans))
    certificate = (await site.get("alice", f"/Certificates/{found['KeyfactorID']}")).json()
    values = {element["Value"] for element in certificate["SubjectAltNameElements"]}
    assert values == {"old.corp.example", "web01.corp.example"}


@pytest.mark.parametrize("authority", ["certloom Issuing CA", "certloom\\CERTLOOM issuing ca", "", None, " "])
async def test_authorities_are_named_as_clients_name_them(site: Site, authority: str | None) -> None:
    found = information(await site.enroll("alice", "Direct", CertificateAuthority=authority))
    assert found["IssuerDN"] == "CN=certloom Issuing CA"


async def test_a_revocation_that_is_done_at_once_is_answered_with_its_id(site: Site) -> None:
    issued = information(await site.enroll("alice", "Direct"))["KeyfactorID"]
    body = {"CertificateIds": [issued], "Reason": 1, "Comment": "leaked", "EffectiveDate": "2026-01-01T00:00:00"}
    answer = await site.call("alice", "POST", "/Certificates/Revoke", body)
    assert answer.json() == {"RevokedIds": [issued], "SuspendedCerts": []}
    certificate = (await site.get("alice", f"/Certificates/{issued}")).json()
    assert (certificate["CertStateString"], certificate["RevocationReason"]) == ("Revoked (2)", 1)
    assert certificate["RevocationEffDate"] == "2026-01-01T00:00:00.000Z"
    again = await site.call("alice", "POST", "/Certificates/Revoke", body)
    assert (again.status_code, "revoked already" in again.json()["Message"]) == (400, True)


async def test_a_revocation_that_waits_names_its_instance(site: Site) -> None:
    issued = information(await site.enroll("alice", "TwoEyes"))["WorkflowInstanceId"]
    for who in ("bob", "dora"):
        assert (await site.signal(who, issued)).status_code == 204
    certificate_id = (await site.instance(issued))["CurrentStateData"]["KeyfactorId"]
    await site.define("TwoEyes", await site.approval(), {"ExtensionName": "RevokeStep"}, workflow_type="Revocation")
    body = {"CertificateIds": [certificate_id], "Reason": 4, "Comment": "replaced"}
    answer = await site.call("alice", "POST", "/Certificates/Revoke", body)
    (waiting,) = answer.json()["SuspendedCerts"]
    assert list(waiting) == ["CertId", "WorkflowId", "Message"]
    assert (answer.json()["RevokedIds"], waiting["CertId"]) == ([], certificate_id)
    assert (await site.instance(waiting["WorkflowId"]))["StatusMessage"] == waiting["Message"]


@IN_ORDER
async def test_a_download_holds_the_chain_in_the_order_asked_for(site: Site) -> None:
    found = information(await site.enroll("alice", "Direct"))
    body = {"CertID": found["KeyfactorID"], "IncludeChain": True, "ChainOrder": "rootfirst"}
    answer = await site.call("alice", "POST", "/Certificates/Download", body, headers={"x-certificateformat": "P7B"})
    bundle = pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.json()["Content"]))
    by_serial = {"SerialNumber": found["SerialNumber"], "IssuerDN": found["IssuerDN"]}
    single = await site.call("alice", "POST", "/Certificates/Download", by_serial)
    assert [each.subject.rfc4514_string() for each in bundle][-1] == "CN=web01.corp.example"
    assert base64.b64decode(single.json()["Content"]).count(b"BEGIN CERTIFICATE") == 1
