import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.api.conftest import APPROVAL, NOBODY, Site, assert_problem, make_csr

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN_KEY = ec.generate_private_key(ec.SECP256R1())


def forged(csr: str) -> str:
    """The same request with the last octet of its signature changed."""
    lines = csr.strip().split("\n")
    body = "".join(lines[1:-1])
    other = "A" if body.rstrip("=")[-2] != "A" else "B"
    position = len(body.rstrip("=")) - 2
    return "\n".join([lines[0], body[:position] + other + body[position + 1 :], lines[-1]])


def weak() -> str:
    return make_csr(key=rsa.generate_private_key(65537, 1024))  # noqa: S505 - a weak key is what is to be refused


REFUSED_ORDERS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "no CSR": ({"CSR": None}, 400, "0xA0110008", "$.CSR"),
    "empty CSR": ({"CSR": ""}, 400, "0xA0110008", "Send one PKCS#10 request"),
    "prose for a CSR": ({"CSR": "please"}, 400, "0xA0110008", "Send one PKCS#10 request"),
    "a certificate for a CSR": (
        {"CSR": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"},
        400,
        "0xA0110008",
        "does not hold exactly one certificate request",
    ),
    "bytes that are no CSR": ({"CSR": "MIIB"}, 400, "0xA0110008", "not PKCS#10 in DER"),
    "a forged signature": ({"CSR": forged(make_csr())}, 400, "0xA0110008", "Make a new request"),
    "a weak key": ({"CSR": weak()}, 400, "", "1024"),
    "no template": ({"Template": None}, 400, "0xA0110002", "GET /Templates lists them"),
    "an unknown template": ({"Template": "Nonsense"}, 400, "0xA0110002", "There is no template 'Nonsense'. Known:"),
    "an unknown authority": (
        {"CertificateAuthority": "host\\Nonsense"},
        400,
        "0xA0110002",
        "There is no certificate authority",
    ),
    "a private key among the metadata": (
        {"Metadata": {"Note": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"}},
        400,
        "",
        "hold a private key",
    ),
    "a private key among the additional fields": (
        {"AdditionalEnrollmentFields": {"Deep": ["-----BEGIN PRIVATE KEY-----"]}},
        400,
        "",
        "hold a private key",
    ),
    "a forbidden subject": ({"CSR": make_csr("web01.evil.example")}, 400, "", "web01.evil.example"),
    "no subject": ({"CSR": make_csr("", ["a.corp.example"])}, 400, "", "lacks CN"),
    "a forbidden name": ({"SANs": {"dns": ["www.evil.example"]}}, 400, "", "www.evil.example"),
    "a forbidden name in the CSR": (
        {"CSR": make_csr("web01.corp.example", ["www.evil.example"])},
        400,
        "",
        "www.evil.example",
    ),
    "a wildcard": ({"SANs": {"dns": ["*.corp.example"]}}, 400, "", "*.corp.example"),
    "a kind of name that is not allowed": ({"SANs": {"ip": ["10.0.0.1"]}}, 400, "", "ip"),
    "an unknown kind of name": ({"SANs": {"dnss": ["a.corp.example"]}}, 400, "", "dnss"),
    "names that are no list": ({"SANs": {"dns": "a.corp.example"}}, 400, "0xA0110008", "$.SANs[...]"),
    "a list for a text": ({"Template": ["Direct"]}, 400, "0xA0110008", "$.Template"),
    "a number for a boolean": ({"IncludeChain": 7}, 400, "0xA0110008", "$.IncludeChain"),
    "a list for a map": ({"Metadata": ["Team"]}, 400, "0xA0110008", "$.Metadata"),
}


@pytest.mark.parametrize("case", REFUSED_ORDERS)
async def test_an_order_that_cannot_be_taken_is_refused_and_leaves_nothing(site: Site, case: str) -> None:
    members, status, code, told = REFUSED_ORDERS[case]
    before = await site.state()
    body = {"CSR": make_csr(), "Template": "Direct", **members}
    answer = await site.call("alice", "POST", "/Enrollment/CSR", body)
    assert_problem(answer, status, told, code)
    assert await site.state() == before


async def test_a_format_that_does_not_exist_is_refused_and_leaves_nothing(site: Site) -> None:
    before = await site.state()
    answer = await site.enroll("alice", "Direct", headers={"x-certificateformat": "JKS"})
    assert_problem(answer, 400, "Use PEM, DER, P7B", "0xA0110008")
    assert await site.state() == before


async def test_e04_a_key_of_somebody_else_gets_no_certificate(site: Site) -> None:
    assert (await site.enroll("rita", "Direct", csr=make_csr(key=OWN_KEY))).status_code == 200
    before = await site.state()
    answer = await site.enroll("alice", "Direct", csr=make_csr("web02.corp.example", key=OWN_KEY))
    assert_problem(answer, 400, "Make a key of your own", "0xA0110004")
    assert await site.state() == before


BAD_GUIDS = [
    "nonsense",
    "7d1c0f5e-2b8a-4f0e-9d4a",
    f"{NOBODY}0",
    f"{{{NOBODY}",
    f"urn:uuid:{NOBODY}",
    "-1",
    "0x1",
    "My%20",
]
BY_GUID = [
    ("GET", "/Workflow/Instances/{}"),
    ("POST", "/Workflow/Instances/{}/Signals"),
    ("GET", "/Workflow/Definitions/{}"),
    ("PUT", "/Workflow/Definitions/{}"),
    ("DELETE", "/Workflow/Definitions/{}"),
    ("PUT", "/Workflow/Definitions/{}/Steps"),
    ("POST", "/Workflow/Definitions/{}/Publish"),
]
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/Workflow/Instances/{}/Signals"): {"SignalKey": APPROVAL, "Data": {"Approved": "True"}},
    ("PUT", "/Workflow/Definitions/{}"): {"DisplayName": "x"},
    ("PUT", "/Workflow/Definitions/{}/Steps"): [{"UniqueName": "a", "ExtensionName": "NOOPStep"}],
}


@pytest.mark.parametrize(("method", "path"), BY_GUID)
@pytest.mark.parametrize("guid", BAD_GUIDS)
async def test_a_malformed_guid_is_a_400_that_shows_a_good_one(site: Site, method: str, path: str, guid: str) -> None:
    answer = await site.call("admin", method, path.format(guid), BODIES.get((method, path)))
    assert_problem(answer, 400, "is not a GUID. Write it as 8-4-4-4-12", "0xA0110008")


@pytest.mark.parametrize(("method", "path"), BY_GUID)
async def test_a_guid_of_nothing_is_a_404(site: Site, method: str, path: str) -> None:
    before = await site.state()
    answer = await site.call("admin", method, path.format(NOBODY), BODIES.get((method, path)))
    assert_problem(answer, 404, NOBODY, "0xA0110002")
    assert await site.state() == before


@pytest.mark.parametrize("name", ["one", "1.0", "-1", "%D9%A1", "9" * 19])
async def test_a_malformed_certificate_id_is_a_400(site: Site, name: str) -> None:
    assert_problem(await site.get("alice", f"/Certificates/{name}"), 400, "is not the id of a certificate")


async def test_an_unknown_certificate_is_a_404(site: Site) -> None:
    assert_problem(await site.get("alice", "/Certificates/999999"), 404, "999999", "0xA0110002")


REFUSED_SIGNALS: dict[str, tuple[str, str, object, int, str]] = {
    # who, key, data, status, message
    "a later step": ("bob", "Second.ApprovalStatus", {"Approved": True}, 400, f"It waits for {APPROVAL}"),
    "a marker": ("bob", "StartNOOP.ApprovalStatus", {"Approved": True}, 400, f"It waits for {APPROVAL}"),
    "an unknown step": ("bob", "Nonsense.ApprovalStatus", {"Approved": True}, 400, f"It waits for {APPROVAL}"),
    "an unknown signal": ("bob", "RequireApproval1.Nonsense", {"Approved": True}, 400, f"It waits for {APPROVAL}"),
    "a key without a dot": ("bob", "RequireApproval1", {"Approved": True}, 400, "SignalKey"),
    "an empty key": ("bob", "", {"Approved": True}, 400, "SignalKey"),
    "no Approved": ("bob", APPROVAL, {"Comment": "fine"}, 400, "Data.Approved"),
    "an unclear Approved": ("bob", APPROVAL, {"Approved": "perhaps"}, 400, "Data.Approved"),
    "a null Approved": ("bob", APPROVAL, {"Approved": None}, 400, "Data.Approved"),
    "Approved twice": ("bob", APPROVAL, {"Approved": "True", "approved": "False"}, 400, "equal but for case"),
    "data that is no object": ("bob", APPROVAL, "True", 400, "$.Data"),
    "no data": ("bob", APPROVAL, None, 400, "$.Data"),
    "no role": ("carol", APPROVAL, {"Approved": True}, 403, "holds none of the roles"),
    "no approver": ("rita", APPROVAL, {"Approved": True}, 403, "holds none of the roles"),
    "the requester": ("alice", APPROVAL, {"Approved": True}, 403, "self-approval rule"),
    "an administrator": ("admin", APPROVAL, {"Approved": True}, 403, "holds none of the roles"),
}


@pytest.mark.parametrize("case", REFUSED_SIGNALS)
async def test_a_signal_that_cannot_be_taken_is_refused_and_moves_nothing(site: Site, case: str) -> None:
    who, key, data, status, told = REFUSED_SIGNALS[case]
    instance_id = await two_steps(site)
    before, page = await site.state(), await site.instance(instance_id)
    body = {"SignalKey": key, "Data": data}
    answer = await site.call(who, "POST", f"/Workflow/Instances/{instance_id}/Signals", body)
    assert_problem(answer, status, told, "0xA0140002" if status == 403 else "")
    assert await site.state() == before
    assert await site.instance(instance_id) == page


async def two_steps(site: Site) -> str:
    """An instance that waits at the first of two approvals."""
    names = {template["CommonName"] for template in (await site.get("admin", "/Templates")).json()}
    if "TwoSteps" not in names:
        await site.template("TwoSteps")
        await site.define("TwoSteps", await site.approval(), await site.approval(UniqueName="Second"))
    return await site.started("alice", "TwoSteps")


async def test_a_signal_for_a_step_that_is_past_is_refused(site: Site) -> None:
    instance_id = await two_steps(site)
    assert (await site.signal("bob", instance_id)).status_code == 204
    before = await site.state()
    answer = await site.signal("dora", instance_id)
    assert_problem(answer, 400, "It waits for Second.ApprovalStatus.", "0xA011000B")
    assert await site.state() == before


async def test_a_signal_for_an_instance_that_has_ended_is_refused(site: Site) -> None:
    instance_id = await site.started()
    assert (await site.signal("bob", instance_id)).status_code == 204
    before = await site.state()
    assert_problem(await site.signal("dora", instance_id), 400, "it is Complete at step EndNOOP", "0xA011000B")
    assert await site.state() == before


async def test_a_second_signal_of_the_same_person_is_refused(site: Site) -> None:
    instance_id = await site.started("alice", "TwoEyes")
    assert (await site.signal("bob", instance_id)).status_code == 204
    before = await site.state()
    for data in ({"Approved": "True"}, {"Approved": "False"}):
        assert_problem(await site.signal("bob", instance_id, data), 400, "one person counts once", "0xA011000B")
    assert await site.state() == before


NESTED = b"[" * 33 + b"]" * 33
BAD_BODIES: dict[str, tuple[bytes, int, str]] = {
    "no body": (b"", 400, "$"),
    "not JSON": (b"CSR=abc", 400, "not JSON at line 1, column 1"),
    "half of it": (b'{"SignalKey": "a.b", "Data": {', 400, "not JSON"),
    "not UTF-8": (b'{"SignalKey": "\xff"}', 400, "not UTF-8 at byte 15"),
    "UTF-16": ('{"SignalKey": "a.b"}'.encode("utf-16"), 400, "UTF-16"),
    "too deep": (b'{"SignalKey": "a.b", "Data": {"Approved": ' + NESTED + b"}}", 400, "deeper than 32"),
    "names equal but for case": (b'{"SignalKey": "a.b", "signalkey": "c.d", "Data": {}}', 400, "equal but for case"),
    "a list": (b"[]", 400, "Expected `object`, got `array`"),
    "null": (b"null", 400, "Expected `object`, got `null`"),
    "a NUL": (b'{"SignalKey": "a\\u0000.b", "Data": {}}', 400, "NUL"),
    "half of a pair": (b'{"SignalKey": "a.\\ud800", "Data": {}}', 400, "surrogate"),
    "a huge integer": (
        b'{"SignalKey": "a.b", "Data": {"Approved": 1' + b"0" * 30 + b"}}",
        400,
        "64 bits",
    ),
    "no number": (b'{"SignalKey": "a.b", "Data": {"Approved": NaN}}', 400, "NaN"),
    "too large": (b'{"SignalKey": "' + b"a" * 1_000_001 + b'"}', 413, "max_body_bytes"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_a_body_that_cannot_be_read_is_refused(site: Site, case: str) -> None:
    content, status, told = BAD_BODIES[case]
    instance_id = await site.started()
    before = await site.state()
    answer = await site.call("bob", "POST", f"/Workflow/Instances/{instance_id}/Signals", content=content)
    assert_problem(answer, status, told)
    assert await site.state() == before


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"SignalKey": "%s", "Data": {"Approved": "True"}}', None),
        (b'{"signalKey": "%s", "data": {"approved": true}}', "text/json"),
        (b'{"SIGNALKEY": "%s", "DATA": {"APPROVED": "tRuE"}}', "application/json-patch+json"),
        (b'{"SignalKey": "%s", "Data": {"Approved": true}}, "CollectionId": 0 }', "application/json"),
        (b'{"SignalKey": "%s", "Data": {"Approved": true}} trailing \xff bytes', "application/x-www-form-urlencoded"),
        (b'\xef\xbb\xbf\r\n {"SignalKey": "%s", "Data": {"Approved": true}, "Unknown": [1]}', "multipart/form-data"),
    ],
)
async def test_what_clients_of_every_generation_send_is_read(
    site: Site, content: bytes, content_type: str | None
) -> None:
    instance_id = await site.started()
    body = content.replace(b"%s", APPROVAL.encode())
    headers = {"content-type": content_type} if content_type else {}
    path = f"/Workflow/Instances/{instance_id}/Signals"
    answer = await site.call("bob", "POST", path, content=body, headers=headers)
    assert answer.status_code == 204, answer.text
    assert answer.content == b""
    assert (await site.instance(instance_id))["Status"] == "Complete"


@pytest.mark.parametrize("body", [b"null", b"{}", b"not even JSON"])
async def test_a_body_on_a_get_is_ignored(site: Site, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await site.call("admin", "GET", "/Workflow/Definitions", content=body, headers=headers)
    assert answer.status_code == 200
    assert len(answer.json()) == int(answer.headers["x-total-count"])


async def test_texts_stand_for_booleans_and_numbers(site: Site) -> None:
    issued = (await site.enroll("alice", "Direct", includeChain="true")).json()["CertificateInformation"]
    body = {"certID": str(issued["KeyfactorID"]), "includeChain": "False"}
    assert len(issued["Certificates"]) == 3
    assert (await site.call("alice", "POST", "/Certificates/Download", body)).status_code == 200


REFUSED_DEFINITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"DisplayName": None}, "$.DisplayName"),
    "a blank name": ({"DisplayName": " "}, "DisplayName"),
    "an unknown type": ({"WorkflowType": "Nonsense"}, "Use one of: Enrollment, Revocation"),
    "an unknown key": ({"Key": "Nonsense"}, "is not the id or name of a template"),
    "a key that is covered": ({"Key": "WebServer"}, "covers Enrollment"),
}


@pytest.mark.parametrize("case", REFUSED_DEFINITIONS)
async def test_a_definition_that_cannot_be_made_is_refused_and_leaves_nothing(site: Site, case: str) -> None:
    members, told = REFUSED_DEFINITIONS[case]
    before = await site.state()
    body = {"DisplayName": "New", "WorkflowType": "Enrollment", "Key": "Direct", **members}
    assert_problem(await site.call("admin", "POST", "/Workflow/Definitions", body), 400, told)
    assert await site.state() == before


async def test_steps_that_cannot_be_saved_are_refused_with_every_fault_and_change_nothing(site: Site) -> None:
    listed = (await site.get("admin", "/Workflow/Definitions")).json()
    path = f"/Workflow/Definitions/{next(row['Id'] for row in listed if row['DisplayName'] == 'WebServer enrollment')}"
    before = (await site.get("admin", path)).json()
    steps = [
        {"UniqueName": "a.b", "ExtensionName": "NOOPStep", "Outputs": {"continue": "nowhere"}},
        {"UniqueName": "c", "ExtensionName": "NOOPStep"},
    ]
    answer = await site.call("admin", "PUT", f"{path}/Steps", steps)
    assert_problem(answer, 400, "must not hold a dot")
    assert "nowhere" in answer.json()["Message"]
    assert (await site.get("admin", path)).json() == before


async def test_a_built_in_definition_cannot_be_deleted(site: Site) -> None:
    listed = (await site.get("admin", "/Workflow/Definitions")).json()
    built_in = next(row["Id"] for row in listed if row["DisplayName"] == "Global Enrollment Workflow")
    answer = await site.call("admin", "DELETE", f"/Workflow/Definitions/{built_in}")
    assert_problem(answer, 400, "is built in", "0xA011000B")


async def test_a_definition_that_is_switched_off_refuses_rather_than_falling_back(site: Site) -> None:
    await site.template("Paused")
    path = f"/Workflow/Definitions/{await site.define('Paused', await site.approval())}"
    off = await site.call("admin", "PUT", path, {"DisplayName": "Paused enrollment", "Enabled": "false"})
    assert off.json()["Enabled"] is False
    before = await site.state()
    assert_problem(await site.enroll("alice", "Paused"), 400, "is switched off", "0xA011000B")
    assert await site.state() == before


REFUSED_QUERIES: dict[str, tuple[str, str, str]] = {
    "page zero": ("PageReturned=0", "$.PageReturned", "0xA0110008"),
    "a page that is no number": ("pq.pageReturned=two", "$.PageReturned", "0xA0110008"),
    "a page beyond all numbers": ("PageReturned=9999999999999999999999", "$.PageReturned", "0xA0110008"),
    "a limit of none": ("ReturnLimit=0", "$.ReturnLimit", "0xA0110008"),
    "a limit of too many": ("ReturnLimit=10001", "$.ReturnLimit", "0xA0110008"),
    "a third direction": ("SortAscending=2", "$.SortAscending", "0xA0110008"),
    "an unknown sort field": ("SortField=Nonsense", "Invalid sort field: Nonsense.", "0xA011004A"),
    "a sort field with SQL": ("SortField=Id;drop table instance", "Invalid sort field", "0xA011004A"),
    "bytes that are not UTF-8": ("SortField=%ff", "percent-encoded UTF-8", "0xA0110008"),
}


@pytest.mark.parametrize("case", REFUSED_QUERIES)
@pytest.mark.parametrize("path", ["/Workflow/Instances", "/Workflow/Instances/My", "/Workflow/Instances/AssignedToMe"])
async def test_a_query_that_cannot_be_read_is_refused(site: Site, path: str, case: str) -> None:
    query, told, code = REFUSED_QUERIES[case]
    assert_problem(await site.get("admin", f"{path}?{query}"), 400, told, code)


async def test_a_problem_is_the_only_thing_a_refusal_says(site: Site) -> None:
    answer = await site.get("carol", "/Workflow/Instances")
    assert json.loads(answer.content).keys() == {"ErrorCode", "Message"}
