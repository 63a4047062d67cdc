import pytest
from tests.api.conftest import BASE, NOBODY, Site, assert_problem

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOWHERE: dict[str, tuple[str, str]] = {
    # how → method and path; every one of them means nothing here
    "an unknown route": ("GET", f"{BASE}/Nonsense"),
    "a suffix": ("GET", f"{BASE}/Workflow/Instances/My/configs"),
    "an encoded slash": ("GET", f"{BASE}/Workflow%2FInstances"),
    "an encoded slash in a parameter": ("GET", f"{BASE}/Workflow/Instances/..%2f..%2fTemplates"),
    "a semicolon": ("GET", f"{BASE}/Workflow/Instances;a=b/My"),
    "dots and a semicolon": ("GET", f"{BASE}/Status/..;/Workflow/Instances"),
    "encoded dots": ("GET", f"{BASE}/Status/%2e%2e/Workflow/Instances"),
    "a NUL": ("GET", f"{BASE}/Workflow/Instances%00"),
    "no base path": ("GET", "/Workflow/Instances"),
    "the wrong base path": ("GET", "/KeyfactorAPI2/Workflow/Instances"),
    "the inner schema": ("GET", "/litestar-schema"),
    "the inner schema as JSON": ("GET", "/litestar-schema/openapi.json"),
}


@pytest.mark.parametrize("case", NOWHERE)
async def test_b02_what_means_one_thing_here_and_another_there_means_nothing(site: Site, case: str) -> None:
    method, path = NOWHERE[case]
    answer = await site.call("admin", method, path, base="")
    assert_problem(answer, 404, "There is nothing at this address", "0xA0110002")


@pytest.mark.parametrize(
    "path",
    ["/Workflow/Instances", "/workflow//INSTANCES/my/", "/Nonsense", "/Workflow%2FInstances", "/%2e%2e/Status"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "TRACE", "FOO"])
async def test_b02_below_the_base_path_nobody_passes_unknown_whatever_the_path_or_method(
    site: Site, method: str, path: str
) -> None:
    answer = await site.call(None, method, path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="certloom", charset="UTF-8"')


@pytest.mark.parametrize(
    "path",
    [
        "/keyfactorapi/workflow/instances/my",
        "//KeyfactorAPI//Workflow//Instances//My//",
        "/KeyfactorAPI/Workflow/Instances/My/",
        "/KEYFACTOR/api/WORKFLOW/INSTANCES/MY",
        "/KeyfactorAPI/%57orkflow/Instances/My",
    ],
)
async def test_b02_case_and_slashes_lead_to_the_same_route_behind_the_same_gate(site: Site, path: str) -> None:
    plain = await site.get("alice", "/Workflow/Instances/My")
    spelled = await site.call("alice", "GET", path, base="")
    assert (spelled.status_code, spelled.content) == (200, plain.content)
    assert (await site.call(None, "GET", path, base="")).status_code == 401
    assert (await site.call("carol", "GET", path, base="")).status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_b02_a_method_that_an_address_does_not_take_is_a_405(site: Site, method: str) -> None:
    answer = await site.call("admin", method, "/Workflow/Instances")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_b02_no_header_overrides_the_method(site: Site, header: str) -> None:
    path = f"/Workflow/Definitions/{NOBODY}"
    answer = await site.call("admin", "GET", path, headers={header: "DELETE"})
    assert (answer.status_code, (await site.call("admin", "DELETE", path)).status_code) == (404, 404)
    listed = (await site.get("admin", "/Workflow/Definitions")).json()
    kept = listed[0]["Id"]
    assert (await site.get("admin", f"/Workflow/Definitions/{kept}", headers={header: "DELETE"})).status_code == 200


async def test_b03_the_id_in_the_path_counts_and_one_in_the_body_does_not(site: Site) -> None:
    listed = (await site.get("admin", "/Workflow/Definitions")).json()
    meant, other = (row for row in listed if row["DisplayName"] in {"Broken enrollment", "Held enrollment"})
    body = {"Id": other["Id"], "DisplayName": f"{meant['DisplayName']}, renamed", "Key": other["Key"]}
    changed = (await site.call("admin", "PUT", f"/Workflow/Definitions/{meant['Id']}", body)).json()
    after = {row["Id"]: row for row in (await site.get("admin", "/Workflow/Definitions")).json()}
    assert (changed["Id"], changed["Key"]) == (meant["Id"], meant["Key"])
    assert after[other["Id"]] == other


async def test_b02_options_tells_methods_and_nothing_else(site: Site) -> None:
    answer = await site.call("carol", "OPTIONS", "/Workflow/Instances")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {method.strip() for method in answer.headers["allow"].split(",")} == {"GET", "OPTIONS"}
