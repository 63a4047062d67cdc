import base64
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates, load_pkcs12
from tests.api.conftest import PASSWORD, ROOT, Site, assert_problem

from certloom.operations.accounts import create_account
from certloom.operations.roles import assign_role, create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE_PASSWORD = "open sesame please"
MEMBERS = [
    "SerialNumber",
    "IssuerDN",
    "Thumbprint",
    "KeyfactorId",
    "Pkcs12Blob",
    "Password",
    "WorkflowInstanceId",
    "WorkflowReferenceId",
    "StoreIdsInvalidForRenewal",
    "ChainFailedToBuild",
    "KeyfactorRequestId",
    "RequestDisposition",
    "DispositionMessage",
    "EnrollmentContext",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def person(site: Site) -> None:
    """Peter may have keys made, and recover nobody else's."""
    permissions = [
        "/certificates/enrollment/pfx/",
        "/certificates/collections/read/",
        "/workflows/instances/read/mine/",
    ]
    await create_role(site.services, ROOT, "Key Requesters", permissions)
    await create_account(site.services, ROOT, "CORP\\peter", PASSWORD)
    await assign_role(site.services, ROOT, "Key Requesters", "CORP\\peter")


async def ask(site: Site, template: str = "Direct", who: str = "peter", **options: Any) -> httpx.Response:
    headers = options.pop("headers", {})
    body = {"Subject": "CN=web01.corp.example", "Template": template, "KeyType": "ECC", **options}
    return await site.call(who, "POST", "/Enrollment/PFX", body, headers=headers)


def information(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["CertificateInformation"]
    assert list(found) == MEMBERS
    return found


def opened(blob: str, password: str) -> PKCS12KeyAndCertificates:
    return load_pkcs12(base64.b64decode(blob), password.encode())


async def recover(site: Site, who: str, certificate_id: int, **options: Any) -> httpx.Response:
    headers = options.pop("headers", {})
    body = {"CertID": certificate_id, "Password": FILE_PASSWORD, **options}
    return await site.call(who, "POST", "/Certificates/Recover", body, headers=headers)


async def test_an_issued_request_is_answered_with_the_file_and_its_password(site: Site) -> None:
    answer = await ask(site, CustomFriendlyName="my site", Metadata={"Team": "shop"})
    found = information(answer)
    assert list(answer.json()) == ["CertificateInformation", "Metadata"]
    assert answer.json()["Metadata"] == {"Team": "shop"}
    file = opened(found["Pkcs12Blob"], found["Password"])
    assert file.cert is not None
    assert file.cert.friendly_name == b"my site"
    assert len(file.additional_certs) == 2
    assert (found["RequestDisposition"], found["KeyfactorRequestId"], found["DispositionMessage"]) == ("ISSUED", 0, "")
    assert answer.headers["x-certificatefile"] == "web01.corp.example.pfx"
    certificate = (await site.get("peter", f"/Certificates/{found['KeyfactorId']}")).json()
    assert certificate["Thumbprint"] == found["Thumbprint"]


async def test_a_password_that_was_given_is_not_sent_back(site: Site) -> None:
    found = information(await ask(site, Password=FILE_PASSWORD, IncludeChain=False))
    assert found["Password"] is None
    assert opened(found["Pkcs12Blob"], FILE_PASSWORD).additional_certs == []


async def test_version_2_says_which_stores_were_served(site: Site) -> None:
    answer = await ask(site, headers={"x-keyfactor-api-version": "2"})
    information(answer)
    assert list(answer.json()) == ["SuccessfulStores", "CertificateInformation", "Metadata"]
    assert answer.json()["SuccessfulStores"] is None


async def test_a_certificate_store_is_refused_and_starts_nothing(site: Site) -> None:
    before = await site.state()
    answer = await ask(site, Stores=[{"StoreId": "x"}], headers={"x-keyfactor-api-version": "2"})
    assert_problem(answer, 400, "Certificate stores are not served here")
    assert await site.state() == before


async def test_a_pem_file_with_an_encrypted_key_comes_when_asked_for(site: Site) -> None:
    found = information(await ask(site, Password=FILE_PASSWORD, headers={"x-certificateformat": "pem"}))
    content = base64.b64decode(found["Pkcs12Blob"])
    assert content.startswith(b"#CN=web01.corp.example\n-----BEGIN CERTIFICATE-----\n")
    assert load_pem_private_key(content[content.index(b"-----BEGIN ENC") :], FILE_PASSWORD.encode()) is not None


@pytest.mark.parametrize("wanted", ["DER", "P7B", "JKS", "STORE"])
async def test_a_format_that_holds_no_key_is_refused_and_starts_nothing(site: Site, wanted: str) -> None:
    before = await site.state()
    answer = await ask(site, headers={"x-certificateformat": wanted})
    assert_problem(answer, 400, "Use PFX, P12, PEM, ZIP", "0xA0110008")
    assert await site.state() == before


async def test_a_suspended_request_for_a_key_is_pending_and_collected_after_the_approval(site: Site) -> None:
    found = information(await ask(site, "WebServer", Password=FILE_PASSWORD))
    assert (found["RequestDisposition"], found["KeyfactorId"], found["KeyfactorRequestId"]) == ("PENDING", 0, 0)
    assert {
        name: found[name] for name in ("Pkcs12Blob", "Password", "Thumbprint", "SerialNumber", "IssuerDN")
    } == dict.fromkeys(("Pkcs12Blob", "Password", "Thumbprint", "SerialNumber", "IssuerDN"))
    assert "is suspended in workflow" in found["DispositionMessage"]
    instance_id = found["WorkflowInstanceId"]
    assert (await site.signal("bob", instance_id)).status_code == 204
    instance = await site.instance(instance_id)
    assert instance["CurrentStateData"]["IsPFX"] is True
    certificate_id = instance["CurrentStateData"]["KeyfactorId"]
    assert_problem(await recover(site, "alice", certificate_id), 403, "/certificates/collections/private_key/read/")
    answer = await recover(site, "peter", certificate_id, IncludeChain=True)
    assert answer.json()["FileName"] == "web01.corp.example.pfx"
    assert len(opened(answer.json()["PFX"], FILE_PASSWORD).additional_certs) == 2
    assert_problem(await recover(site, "peter", certificate_id), 400, "is not here", "0xA0110002")


async def test_recovering_needs_a_key_a_password_and_a_known_format(site: Site) -> None:
    of_csr = (await site.enroll("alice", "Direct")).json()["CertificateInformation"]["KeyfactorID"]
    assert_problem(await recover(site, "admin", of_csr), 400, "is not here", "0xA0110002")
    assert_problem(
        await recover(site, "admin", of_csr, headers={"x-certificateformat": "DER"}), 400, "Use PFX", "0xA0110008"
    )
    answer = await site.call("admin", "POST", "/Certificates/Recover", {"CertID": of_csr})
    assert answer.status_code == 400
    assert "Password" in answer.json()["Message"]


async def test_b10_no_other_answer_about_a_certificate_holds_a_private_key(site: Site) -> None:
    found = information(await ask(site, "WebServer"))
    await site.signal("bob", found["WorkflowInstanceId"])
    instance = await site.instance(found["WorkflowInstanceId"])
    certificate_id = instance["CurrentStateData"]["KeyfactorId"]
    answers = [
        await site.get("admin", f"/Certificates/{certificate_id}"),
        await site.get("admin", "/Workflow/Instances"),
    ]
    for wanted in ("PEM", "P7B", "DER", "ZIP"):
        headers = {"x-certificateformat": wanted}
        body = {"CertID": certificate_id, "IncludeChain": True}
        answers.append(await site.call("admin", "POST", "/Certificates/Download", body, headers=headers))
    for wanted in ("PFX", "P12"):
        headers = {"x-certificateformat": wanted}
        refused = await site.call(
            "admin", "POST", "/Certificates/Download", {"CertID": certificate_id}, headers=headers
        )
        assert_problem(refused, 400, "is not offered here", "0xA0110008")
    for answer in answers:
        assert answer.status_code == 200, answer.text
        content = base64.b64decode(answer.json().get("Content", "")) if isinstance(answer.json(), dict) else b""
        assert b"PRIVATE KEY" not in answer.content + content
    assert await site.rows("held_key") > 0
