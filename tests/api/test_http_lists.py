import re
from collections.abc import Mapping
from urllib.parse import quote

import pytest
import pytest_asyncio
from tests.api.conftest import GUID, Site, make_csr

from certloom.api.schemas.instances import InstanceListItem

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEFINITION_LISTS = ("/Workflow/Definitions", "/Workflow/Definitions/Steps", "/Workflow/Definitions/Types")
LISTS = ("/Workflow/Instances", "/Workflow/Instances/My", "/Workflow/Instances/AssignedToMe")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(site: Site) -> list[str]:
    """Five instances of alice that wait for approval, in the order of their reference ids."""
    return [await site.started(csr=make_csr(f"web0{number}.corp.example")) for number in range(5)]


async def listed(site: Site, path: str, who: str = "alice") -> tuple[list[int], int]:
    """The reference ids of a page, and the total that goes with it."""
    answer = await site.get(who, path)
    assert answer.status_code == 200, answer.text
    return [row["ReferenceId"] for row in answer.json()], int(answer.headers["x-total-count"])


async def test_a_row_has_the_members_of_the_page_but_signals_and_data(site: Site, started: list[str]) -> None:
    (row,) = (await site.get("alice", f"/Workflow/Instances/My?QueryString=Id -eq {started[0]}")).json()
    page = await site.instance(started[0])
    assert list(row) == list(InstanceListItem.__struct_encode_fields__)
    assert row == {name: page[name] for name in row}
    assert set(page) - set(row) == {"Signals", "InitialData", "CurrentStateData"}


async def test_a_row_follows_path_and_header_in_the_form_of_its_status(site: Site, started: list[str]) -> None:
    path = f"/Workflow/Instances/My?QueryString=Id -eq {started[0]}"
    numbers = (await site.get("alice", path, base="/KeyfactorAPI-sdk")).json()
    names = (await site.get("alice", path, base="/KeyfactorAPI-sdk", headers={"x-certloom-enums": "names"})).json()
    assert (numbers[0]["Status"], names[0]["Status"]) == (2, "Suspended")


@pytest.mark.parametrize(
    "query",
    [
        "SortField=ReferenceId&PageReturned=2&ReturnLimit=2",
        "sortfield=referenceid&pagereturned=2&returnlimit=2",
        "pq.sortField=ReferenceId&pq.pageReturned=2&pq.returnLimit=2&pq.sortAscending=0",
        "instanceQuery.SortField=REFERENCEID&pagedQuery.pageReturned=2&ReturnLimit=2&Unknown=1",
        "SortField=ReferenceId&PageReturned=1&PageReturned=2&ReturnLimit=2&SortAscending=",
    ],
)
async def test_every_spelling_of_the_paging_parameters_gives_the_same_page(
    site: Site, started: list[str], query: str
) -> None:
    everything, total = await listed(site, "/Workflow/Instances/My?SortField=ReferenceId")
    page, counted = await listed(site, f"/Workflow/Instances/My?{query}")
    assert page == everything[2:4]
    assert (counted, total) == (len(started), len(started))


async def test_sort_ascending_one_means_descending(site: Site, started: list[str]) -> None:
    up, _ = await listed(site, "/Workflow/Instances/My?SortField=ReferenceId&SortAscending=0")
    down, _ = await listed(site, "/Workflow/Instances/My?SortField=ReferenceId&SortAscending=1")
    assert up == sorted(up)
    assert down == up[::-1]
    assert len(up) == len(started)


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_beyond_the_end_is_empty_and_keeps_the_total(site: Site, started: list[str], path: str) -> None:
    who = "admin" if path == "/Workflow/Instances" else "bob" if path.endswith("ToMe") else "alice"
    assert await listed(site, f"{path}?PageReturned=1000000", who) == ([], len(started))


async def test_pages_together_hold_every_instance_once(site: Site, started: list[str]) -> None:
    pages = [await listed(site, f"/Workflow/Instances/My?ReturnLimit=2&PageReturned={page}") for page in (1, 2, 3)]
    ids = [reference_id for page, _ in pages for reference_id in page]
    assert len(ids) == len(set(ids)) == len(started)


async def test_b11_a_list_and_its_total_hold_nothing_of_what_one_may_not_read(site: Site, started: list[str]) -> None:
    totals = {who: (await listed(site, "/Workflow/Instances/My", who))[1] for who in ("alice", "rita", "dora")}
    assigned = {
        who: (await listed(site, "/Workflow/Instances/AssignedToMe", who))[1] for who in ("alice", "bob", "admin")
    }
    assert totals == {"alice": len(started), "rita": 0, "dora": 0}
    assert assigned == {"alice": 0, "bob": len(started), "admin": 0}


async def test_b11_a_search_finds_nothing_of_what_one_may_not_read(site: Site, started: list[str]) -> None:
    query = quote(f'Id -eq "{started[0]}" OR Title -contains "web"')
    assert await listed(site, f"/Workflow/Instances/My?QueryString={query}", "rita") == ([], 0)
    assert (await listed(site, f"/Workflow/Instances/My?QueryString={query}", "alice"))[1] == len(started)


async def test_what_one_has_signalled_leaves_the_list_of_what_waits(site: Site, started: list[str]) -> None:
    instance_id = await site.started("dora", "TwoEyes")
    assert (await site.signal("bob", instance_id)).status_code == 204
    for who, waits in (("bob", False), ("alice", True), ("dora", False)):
        rows = (await site.get(who, "/Workflow/Instances/AssignedToMe")).json()
        assert (instance_id in {row["Id"] for row in rows}) is waits
    assert started


@pytest.mark.parametrize("query", ["Status -eq", "Nonsense -eq 1", "Status -like Suspended", "(" * 500, "Status -eq 9"])
async def test_a_search_that_cannot_be_read_is_a_400(site: Site, query: str) -> None:
    answer = await site.get("admin", f"/Workflow/Instances?QueryString={quote(query)}")
    assert (answer.status_code, list(answer.json())) == (400, ["ErrorCode", "Message"])


HEADERS: Mapping[str, str] = {
    "content-type": "application/json; charset=utf-8",
    "api-supported-versions": r"1\.0(, 2)?",
    "x-keyfactor-product-version": r"25\.4\.1\+certloom\.\d+\.\d+\.\d+",
    "x-keyfactor-correlation-id": GUID,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
ANSWERS = {
    "a list": ("admin", "GET", "/Workflow/Instances", 200),
    "a problem": ("admin", "GET", "/Workflow/Instances/1", 400),
    "nobody known": (None, "GET", "/Workflow/Instances", 401),
    "a refusal": ("carol", "GET", "/Workflow/Instances", 403),
    "nothing there": ("admin", "GET", "/Nonsense", 404),
    "another method": ("admin", "DELETE", "/Workflow/Instances", 405),
    "templates": ("admin", "GET", "/Templates", 200),
    "definitions": ("admin", "GET", "/Workflow/Definitions", 200),
    "roles": ("admin", "GET", "/Security/Roles", 200),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_every_answer_has_the_headers_clients_read(site: Site, case: str) -> None:
    who, method, path, status = ANSWERS[case]
    answer = await site.call(who, method, path)
    assert answer.status_code == status
    wrong = {
        name: answer.headers.get(name)
        for name, pattern in HEADERS.items()
        if not re.fullmatch(pattern, answer.headers.get(name, ""))
    }
    assert wrong == {}
    assert len(answer.headers.get_list("x-keyfactor-correlation-id")) == 1


@pytest.mark.parametrize("path", [*LISTS, "/Templates", *DEFINITION_LISTS, "/Security/Roles"])
async def test_every_list_tells_its_total(site: Site, path: str) -> None:
    answer = await site.get("admin", f"{path}?ReturnLimit=10000")
    assert int(answer.headers["x-total-count"]) == len(answer.json())


async def test_an_answer_without_a_body_has_the_headers_too(site: Site) -> None:
    answer = await site.get("admin", "/Status/HealthCheck")
    assert (answer.status_code, answer.content) == (204, b"")
    assert re.fullmatch(GUID, answer.headers["x-keyfactor-correlation-id"])


async def test_the_login_probe_answers_with_texts(site: Site) -> None:
    endpoints = (await site.get("carol", "/Status/Endpoints", headers={"x-keyfactor-api-version": "1"})).json()
    assert "GET /Workflow/Instances/{instance_id}" in endpoints
    assert all(isinstance(endpoint, str) for endpoint in endpoints)


@pytest.mark.parametrize("path", [*DEFINITION_LISTS, "/Templates", "/Security/Roles"])
async def test_short_lists_come_in_pages_too(site: Site, path: str) -> None:
    whole = await site.get("admin", path)
    first = await site.get("admin", f"{path}?PageReturned=1&ReturnLimit=1")
    second = await site.get("admin", f"{path}?pq.pageReturned=2&pq.returnLimit=1")
    assert first.json() + second.json() == whole.json()[:2]
    assert first.headers["x-total-count"] == str(len(whole.json()))
    assert (await site.get("admin", f"{path}?PageReturned=99")).json() == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('QueryString=CommonName -eq "webserver"', ["WebServer"]),
        ('QueryString=DisplayName -startswith "The W"', ["WebServer"]),
        ('QueryString=CommonName -contains "Broken"&SortField=Id&SortAscending=1', ["LateBroken", "Broken"]),
        ('QueryString=CommonName -eq "Nonsense"', []),
    ],
)
async def test_templates_are_found_and_sorted_by_their_fields(site: Site, query: str, names: list[str]) -> None:
    answer = await site.get("admin", f"/Templates?{query}")
    found = [row["CommonName"] for row in answer.json()]
    assert sorted(found) == sorted(names)
    assert answer.headers["x-total-count"] == str(len(names))
    ids = [row["Id"] for row in answer.json()]
    assert ids == sorted(ids, reverse="SortAscending=1" in query)


async def test_templates_refuse_a_field_they_do_not_have(site: Site) -> None:
    for query, told in (("SortField=Colour", "Invalid sort field"), ("QueryString=Colour -eq 1", "Colour")):
        answer = await site.get("admin", f"/Templates?{query}")
        assert answer.status_code == 400
        assert told in answer.json()["Message"]
