import re
from collections.abc import Iterator, Mapping

import pytest
import pytest_asyncio
from tests.api.conftest import NOBODY, PASSWORD, ROOT, Site, make_csr

from certloom.api.application import routes
from certloom.identity.permission import grants
from certloom.operations import access
from certloom.operations.access import ACCESS, Operation
from certloom.operations.accounts import create_account
from certloom.operations.roles import assign_role, create_role

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLERS = (None, "carol", "bob", "admin")
"""Nobody, somebody without a role, an approver, an administrator."""

OPEN = (200, 200, 200, 200)
MATRIX: Mapping[str, tuple[int, int, int, int]] = {
    "GET /KeyfactorAPI/Workflow/Instances": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Workflow/Instances/My": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Workflow/Instances/AssignedToMe": (401, 403, 200, 200),
    "GET /KeyfactorAPI/Workflow/Instances/{instance_id}": (401, 403, 200, 200),
    "GET /KeyfactorAPI/Certloom/Instances/{instance_id}/Explanation": (401, 403, 200, 200),
    "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Signals": (401, 403, 400, 403),
    "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Stop": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Restart": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Retry": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/Workflow/Instances/{instance_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Workflow/Definitions": (401, 403, 403, 200),
    "POST /KeyfactorAPI/Workflow/Definitions": (401, 403, 403, 400),
    "GET /KeyfactorAPI/Workflow/Definitions/{definition_id}": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/Workflow/Definitions/{definition_id}": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}/Steps": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Workflow/Definitions/{definition_id}/Publish": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Workflow/Definitions/{definition_id}/Publish/{version}": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}/Status": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Workflow/Definitions/Steps": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Workflow/Definitions/Steps/{extension_name}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Workflow/Definitions/Types": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Certloom/Definitions/{definition_id}/Findings": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Certloom/ExpirationAlerts": (401, 403, 403, 200),
    "POST /KeyfactorAPI/Certloom/ExpirationAlerts": (401, 403, 403, 400),
    "POST /KeyfactorAPI/Enrollment/CSR": (401, 403, 403, 400),
    "POST /KeyfactorAPI/Enrollment/PFX": (401, 403, 403, 400),
    "POST /KeyfactorAPI/Certificates/Recover": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Certificates/{certificate_id}": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Certificates/Download": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Certificates/Revoke": (401, 403, 403, 404),
    "POST /KeyfactorAPI/CertificateAuthority/PublishCRL": (401, 403, 403, 400),
    "GET /KeyfactorAPI/Templates": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Security/Roles": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Security/Roles/{role_id}": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Security/Roles": (401, 403, 403, 400),
    "PUT /KeyfactorAPI/Security/Roles": (401, 403, 403, 400),
    "DELETE /KeyfactorAPI/Security/Roles/{role_id}": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Security/Roles/{role_id}/Copy": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/Roles/{role_id}/Identities": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Security/Roles/{role_id}/Identities": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/Roles/{role_id}/Permissions/Global": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/Claims": (401, 403, 403, 200),
    "POST /KeyfactorAPI/Security/Claims": (401, 403, 403, 400),
    "PUT /KeyfactorAPI/Security/Claims": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/Claims/Roles": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Security/Claims/{claim_id}": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/Security/Claims/{claim_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/Identities": (401, 403, 403, 200),
    "POST /KeyfactorAPI/Security/Identities": (401, 403, 403, 400),
    "GET /KeyfactorAPI/Security/Identities/Lookup": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Security/Identities/{identity_id}": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/Security/Identities/{identity_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Security/My": (401, 200, 200, 200),
    "GET /KeyfactorAPI/PermissionSets": (401, 403, 403, 200),
    "POST /KeyfactorAPI/PermissionSets": (401, 403, 403, 400),
    "PUT /KeyfactorAPI/PermissionSets": (401, 403, 403, 404),
    "GET /KeyfactorAPI/PermissionSets/{set_id}": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/PermissionSets/{set_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Permissions": (401, 403, 403, 200),
    "GET /KeyfactorAPI/IdentityProviders": (401, 403, 403, 200),
    "GET /KeyfactorAPI/IdentityProviders/{provider_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/MetadataFields": (401, 403, 403, 200),
    "POST /KeyfactorAPI/MetadataFields": (401, 403, 403, 400),
    "PUT /KeyfactorAPI/MetadataFields": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/MetadataFields": (401, 403, 403, 404),
    "GET /KeyfactorAPI/MetadataFields/{field_id}": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/MetadataFields/{field_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/MetadataFields/{field_id}/InUse": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Certloom/Users": (401, 403, 403, 200),
    "POST /KeyfactorAPI/Certloom/Users": (401, 403, 403, 400),
    "GET /KeyfactorAPI/Certloom/Users/{user_id}": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Certloom/Users/{user_id}": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Certloom/Users/{user_id}/Password": (401, 403, 403, 404),
    "PUT /KeyfactorAPI/Certloom/Users/My/Password": (401, 400, 400, 400),
    "GET /KeyfactorAPI/Certloom/Tokens": (401, 200, 200, 200),
    "POST /KeyfactorAPI/Certloom/Tokens": (401, 400, 400, 400),
    "DELETE /KeyfactorAPI/Certloom/Tokens/{token_id}": (401, 404, 404, 404),
    "GET /KeyfactorAPI/Audit": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Audit/Download": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Audit/{audit_id}": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Audit/{audit_id}/Validate": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Extensions/Scripts": (401, 403, 403, 200),
    "GET /KeyfactorAPI/Extensions/Scripts/{script_id}": (401, 403, 403, 404),
    "POST /KeyfactorAPI/Extensions/Scripts": (401, 403, 403, 400),
    "PUT /KeyfactorAPI/Extensions/Scripts": (401, 403, 403, 404),
    "DELETE /KeyfactorAPI/Extensions/Scripts/{script_id}": (401, 403, 403, 404),
    "GET /KeyfactorAPI/Status/Endpoints": (401, 200, 200, 200),
    "GET /KeyfactorAPI/Status/HealthCheck": (401, 204, 204, 204),
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /openapi.json": OPEN,
    "GET /docs": OPEN,
    "GET /docs/{name}": OPEN,
    "GET /pki/{file_name}": OPEN,
    "POST /pki/ocsp": OPEN,
    "GET /pki/ocsp/{encoded}": OPEN,
    "GET /Certloom/FirstAdministrator": OPEN,
    "POST /Certloom/FirstAdministrator": (400, 400, 400, 400),
    # No provider is configured here, and nobody is signed in with a browser.
    "GET /Certloom/Login": (400, 400, 400, 400),
    "GET /Certloom/Login/Callback": (400, 400, 400, 400),
    "POST /Certloom/Logout": (303, 303, 303, 303),
}
"""Every route and what each caller is answered. The bodies below are sound, so that a refusal is about the caller."""

BODIES: Mapping[str, object] = {
    # Sound but for one thing that only those who may do it are told about.
    "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Signals": {
        "SignalKey": "RequireApproval1.ApprovalStatus",
        "Data": {},
    },
    "POST /KeyfactorAPI/Workflow/Definitions": {"DisplayName": "x", "WorkflowType": "Enrollment", "Key": "Nonsense"},
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}": {"DisplayName": "x"},
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}/Steps": [],
    "PUT /KeyfactorAPI/Workflow/Definitions/{definition_id}/Status": True,
    "POST /KeyfactorAPI/Certloom/ExpirationAlerts": {"DisplayName": "", "Days": 30},
    "POST /KeyfactorAPI/Enrollment/CSR": {"CSR": make_csr(), "Template": "Nonsense"},
    "POST /KeyfactorAPI/Extensions/Scripts": {"Name": "", "Contents": "return @{}"},
    "PUT /KeyfactorAPI/Extensions/Scripts": {"Id": 999},
    "POST /KeyfactorAPI/Enrollment/PFX": {"Subject": "CN=web01.corp.example", "Template": "Nonsense"},
    "POST /KeyfactorAPI/Certificates/Recover": {"CertID": 999, "Password": "open sesame please"},
    "POST /KeyfactorAPI/Certificates/Download": {"CertID": 999},
    "POST /KeyfactorAPI/CertificateAuthority/PublishCRL": {"CertificateAuthorityLogicalName": "Nonsense"},
    "POST /KeyfactorAPI/Security/Roles": {"Name": " ", "Description": "x"},
    "PUT /KeyfactorAPI/Security/Roles": {"Id": 1, "Name": " ", "Description": "x"},
    "POST /KeyfactorAPI/Security/Roles/{role_id}/Copy": {"Name": "x"},
    "PUT /KeyfactorAPI/Security/Roles/{role_id}/Identities": {"Ids": []},
    "POST /KeyfactorAPI/Security/Claims": {
        "ClaimType": 0,
        "ClaimValue": "x",
        "ProviderAuthenticationScheme": "Nonsense",
        "Description": "x",
    },
    "PUT /KeyfactorAPI/Security/Claims": {"Id": 999, "Description": "x"},
    "POST /KeyfactorAPI/Security/Identities": {"AccountName": "CORP\\admin"},
    "POST /KeyfactorAPI/Certloom/Users": {"Name": "CORP\\admin", "Password": PASSWORD},
    "PUT /KeyfactorAPI/Certloom/Users/{user_id}": {"Disabled": True},
    "PUT /KeyfactorAPI/Certloom/Users/{user_id}/Password": {"Password": PASSWORD},
    "PUT /KeyfactorAPI/Certloom/Users/My/Password": {"Current": "wrong", "Password": PASSWORD},
    "POST /KeyfactorAPI/Certloom/Tokens": {"Name": " "},
    "POST /KeyfactorAPI/PermissionSets": {"Name": " ", "Permissions": []},
    "PUT /KeyfactorAPI/PermissionSets": {"Id": NOBODY, "Name": "x", "Permissions": []},
    "POST /KeyfactorAPI/MetadataFields": {"Name": "Old", "DataType": 5},
    "PUT /KeyfactorAPI/MetadataFields": {"Id": 999, "Name": "New", "DataType": 1},
    "DELETE /KeyfactorAPI/MetadataFields": [999],
    "POST /KeyfactorAPI/Certificates/Revoke": {"CertificateIds": [999], "Reason": 1, "Comment": "x"},
}
QUERIES: Mapping[str, str] = {
    "GET /KeyfactorAPI/Security/Claims/Roles": "ClaimType=0&ClaimValue=x&ProviderAuthenticationScheme=certloom",
    "GET /KeyfactorAPI/Security/Identities/Lookup": "accountName=x",
}
IDS: Mapping[str, str] = {
    "definition_id": NOBODY,
    "set_id": NOBODY,
    "provider_id": NOBODY,
    "certificate_id": "999",
    "script_id": "999",
    "role_id": "999",
    "claim_id": "999",
    "identity_id": "999",
    "user_id": "999",
    "token_id": "999",
    "audit_id": "1",
    "field_id": "999",
    "name": "start.js",
    "encoded": "MAA=",
    "file_name": "certloom-issuing-ca.crl",
    "version": "1",
    "extension_name": "Nonsense",
}
STEERING = re.compile("/(Stop|Restart|Retry)$|^DELETE")
NO_ROUTE_YET = frozenset(
    {
        # Done by the command line, and by the worker on behalf of whoever started an instance.
        Operation.RUN_INSTANCE,
        Operation.START_EXPIRATION,
        Operation.SEND_MAIL,
        Operation.NOTE_METADATA,
        Operation.APPLY_TEMPLATE,
        Operation.LIST_AUTHORITIES,
        Operation.CREATE_AUTHORITY,
        Operation.APPOINT_RESPONDER,
        Operation.ASSIGN_ROLE,
        # The same address as LIST_TOKENS, asked with Everybody.
        Operation.LIST_ALL_TOKENS,
        # The same address as COLLECT_KEY, for those who may not have keys made.
        Operation.RECOVER_KEY,
        # Every request below the base path; it is what makes a caller known.
        Operation.AUTHENTICATE,
    }
)


def table() -> Iterator[str]:
    for route in routes(1_000_000).routes:
        for method in sorted(getattr(route, "methods", ())):
            if method != "OPTIONS":
                yield f"{method} {route.path_format}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def waiting(site: Site) -> str:
    return await site.started()


async def ask(site: Site, who: str | None, route: str, waiting: str) -> int:
    method, _, path = route.partition(" ")
    # What would end the instance is asked of one that does not exist.
    instance_id = NOBODY if STEERING.search(route) else waiting
    filled = path.format(instance_id=instance_id, **IDS)
    asked = f"{filled}?{QUERIES[route]}" if route in QUERIES else filled
    return (await site.call(who, method, asked, BODIES.get(route), base="")).status_code


async def test_b01_every_route_has_an_entry_in_the_matrix() -> None:
    assert sorted(table()) == sorted(MATRIX)


@pytest.mark.parametrize("route", MATRIX)
async def test_b01_every_caller_is_answered_as_the_matrix_says(site: Site, waiting: str, route: str) -> None:
    assert tuple([await ask(site, who, route, waiting) for who in CALLERS]) == MATRIX[route]


async def test_b01_no_route_below_the_base_path_is_open() -> None:
    open_routes = {route for route, answers in MATRIX.items() if answers[0] != 401}
    assert {route for route in open_routes if "/KeyfactorAPI" in route} == set()


INSTANCE = "GET /KeyfactorAPI/Workflow/Instances/{instance_id}"
EXPLANATION = "GET /KeyfactorAPI/Certloom/Instances/{instance_id}/Explanation"
SIGNAL = "POST /KeyfactorAPI/Workflow/Instances/{instance_id}/Signals"
"""Needs no permission but a role of the step, so it says nothing about permissions."""
WHOSE: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    # alice and dora started an instance each; both wait for the role Approvers, and nobody votes on their own.
    "alice": {INSTANCE: (200, 200), SIGNAL: (403, 400)},
    "dora": {INSTANCE: (200, 200), SIGNAL: (400, 403)},
    "bob": {INSTANCE: (200, 200), SIGNAL: (400, 400)},
    "rita": {INSTANCE: (404, 404), SIGNAL: (403, 403)},
    "olga": {INSTANCE: (404, 404), SIGNAL: (403, 403)},
    "ruth": {INSTANCE: (200, 200), SIGNAL: (403, 403)},
    "carol": {INSTANCE: (403, 403), SIGNAL: (403, 403)},
    "admin": {INSTANCE: (200, 200), SIGNAL: (403, 403)},
}
"""What everybody is answered about alice's and about dora's instance: mine, pending for me, somebody else's.

A role of the step suffices for the signal, whose body lacks the decision and is a 400 for those who may send it.
"""


@pytest.mark.parametrize("who", WHOSE)
async def test_b01_an_instance_is_open_to_its_starter_its_deciders_and_its_readers(site: Site, who: str) -> None:
    theirs = [await site.started("alice"), await site.started("dora")]
    answers = {route: tuple([await ask(site, who, route, each) for each in theirs]) for route in WHOSE[who]}
    assert answers == WHOSE[who]
    assert tuple([await ask(site, who, EXPLANATION, each) for each in theirs]) == WHOSE[who][INSTANCE]


@pytest.mark.parametrize("who", WHOSE)
async def test_b11_lists_and_their_totals_hold_nothing_outside_the_callers_reach(site: Site, who: str) -> None:
    theirs = {await site.started("alice"): "alice", await site.started("dora"): "dora"}
    reach = {
        "/Workflow/Instances": set(theirs) if who in {"admin", "ruth"} else None,
        "/Workflow/Instances/My": {each for each, starter in theirs.items() if starter == who},
        "/Workflow/Instances/AssignedToMe": {
            each for each, starter in theirs.items() if who in {"alice", "bob", "dora"} and starter != who
        },
    }
    for path, expected in reach.items():
        answer = await site.get(who, f"{path}?ReturnLimit=10000")
        if answer.status_code == 403:
            assert "x-total-count" not in answer.headers
            continue
        rows = {row["Id"] for row in answer.json()}
        assert len(rows) == int(answer.headers["x-total-count"])
        assert rows & set(theirs) == expected
        title = await site.get(who, f'{path}?QueryString=Title -contains "dora"')
        assert int(title.headers["x-total-count"]) == len(title.json())
        assert {row["Id"] for row in title.json()} <= rows


class Recording(dict[Operation, tuple[str, ...]]):
    """The table of permissions, which keeps what was looked up in it."""

    def __init__(self) -> None:
        super().__init__(ACCESS)
        self.asked: set[Operation] = set()

    def __getitem__(self, operation: Operation) -> tuple[str, ...]:
        self.asked.add(operation)
        return super().__getitem__(operation)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    recording = Recording()
    monkeypatch.setattr(access, "ACCESS", recording)
    return recording


async def test_b01_every_operation_is_asked_for_by_a_route_or_has_none(
    site: Site, waiting: str, recording: Recording
) -> None:
    for route in MATRIX:
        await ask(site, "admin", route, waiting)
    assert recording.asked == set(Operation) - NO_ROUTE_YET
    assert set(ACCESS) == set(Operation)


PERMISSIONS = sorted({one for needed in ACCESS.values() for one in needed if one != "/"})


@pytest.mark.parametrize("held", PERMISSIONS)
async def test_b01_one_permission_alone_opens_the_routes_that_ask_for_it_and_no_other(
    site: Site, waiting: str, recording: Recording, held: str
) -> None:
    who = f"holder{PERMISSIONS.index(held)}"
    await create_role(site.services, ROOT, who, [held])
    await create_account(site.services, ROOT, f"CORP\\{who}", PASSWORD)
    await assign_role(site.services, ROOT, who, f"CORP\\{who}")
    for route in MATRIX.keys() - {SIGNAL}:
        recording.asked.clear()
        status = await ask(site, who, route, waiting)
        needed = [ACCESS[operation] for operation in recording.asked if ACCESS[operation]]
        may = all(any(grants([held], one) for one in each) for each in needed)
        assert (status != 403) is may, (route, status)
