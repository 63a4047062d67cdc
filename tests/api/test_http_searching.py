"""The query language of /Workflow/Instances over HTTP: what is found, how many, and what a fault is told."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.api.conftest import Site, assert_problem, make_csr, opened

from certloom.clock import system_clock
from certloom.store.listing import QUERY_FIELDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS = {"/Workflow/Instances": "admin", "/Workflow/Instances/My": "alice", "/Workflow/Instances/AssignedToMe": "bob"}
A_DAY = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """Instances by the short name their title ends with; dora's is complete, alice's stopped one is rejected."""
    site.clock.standing = system_clock().replace(hour=12)
    ids = {"old": await site.started(csr=make_csr("old.corp.example"))}
    site.clock.moved += 2 * A_DAY
    ids["new"] = await site.started(csr=make_csr("new.corp.example"))
    ids["stopped"] = await site.started(csr=make_csr("stopped.corp.example"))
    assert (await site.call("admin", "POST", f"/Workflow/Instances/{ids['stopped']}/Stop")).status_code == 204
    ids["done"] = await site.started("dora", "Direct", csr=make_csr("done.corp.example"))
    yield ids


async def found(site: Site, query: str, path: str = "/Workflow/Instances", who: str = "") -> set[str]:
    """The short names of what a search finds; its total is checked on the way."""
    asked = {"QueryString": query, "ReturnLimit": "10000"}
    answer = await site.client.get(
        f"http://testserver/KeyfactorAPI{path}",
        params=asked,
        auth=(f"CORP\\{who or LISTS[path]}", "correct horse battery"),
    )
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    assert answer.headers["x-total-count"] == str(len(rows))
    return {match[1] for row in rows if (match := re.search(r"CN=(\w+)\.corp", row["Title"]))}


EVERYTHING = {"old", "new", "stopped", "done"}
SEARCHES: Mapping[str, set[str]] = {
    "": EVERYTHING,
    "   ": EVERYTHING,
    "Status -eq Suspended": {"old", "new"},
    'sTATUS -EQ "suspended"': {"old", "new"},
    "Status -eq 2": {"old", "new"},
    "Status -ne 2": {"stopped", "done"},
    "Status -eq Rejected OR Status -eq Complete": {"stopped", "done"},
    "Status -eq Suspended AND Title -contains new": {"new"},
    "Status -eq Suspended AND Title -contains new OR Status -eq Complete": {"new", "done"},
    "Status -eq Suspended AND (Title -contains new OR Status -eq Complete)": {"new"},
    "((((Title -contains new))))": {"new"},
    'Title -eq "corp\\alice IS enrolling for a certificate with CN=old.corp.example."': {"old"},
    'Title -eq "CORP\\\\alice is enrolling for a certificate with CN=old.corp.example."': {"old"},
    'Title -startswith "CORP\\dora"': {"done"},
    'Title -endswith "CN=stopped.corp.example."': {"stopped"},
    'Title -notcontains "old"': {"new", "stopped", "done"},
    'Title -contains "AND (a OR"': set(),
    'Title -contains "say ""hi"""': set(),
    "Title -contains %": set(),
    "Title -contains _": set(),
    "Title -contains *": set(),
    'Title -contains "\' OR 1=1 --"': set(),
    "InitiatingUserName -eq %ME%": set(),
    'InitiatingUserName -eq "corp\\DORA"': {"done"},
    "InitiatingUserName -contains dora": {"done"},
    "InitiatingUserName -ne CORP\\alice": {"done"},
    "StartDate -ge %TODAY%": {"new", "stopped", "done"},
    "StartDate -lt %TODAY%": {"old"},
    'StartDate -ge "%TODAY-2%"': EVERYTHING,
    "StartDate -ge %today-1%": {"new", "stopped", "done"},
    "StartDate -lt %TODAY+1%": EVERYTHING,
    "StartDate -ge %TODAY+1%": set(),
    "LastModified -gt 2001-01-01 AND LastModified -lt 9999-12-31T23:59:59Z": EVERYTHING,
    "LastModified -le 2001-01-01": set(),
    "Title -eq NULL": set(),
    "Title -ne null": EVERYTHING,
    "Title -null OR StartDate -notnull": EVERYTHING,
    'Title -eq "NULL"': set(),
    "WorkflowType -eq enrollment": EVERYTHING,
    "WorkflowType -eq Revocation": set(),
    "ReferenceId -ge 1 AND ReferenceId -le 9223372036854775807": EVERYTHING,
    "ReferenceId -lt 1": set(),
}


@pytest.mark.parametrize("query", SEARCHES)
async def test_a_search_finds_what_it_says_and_counts_it(site: Site, story: Mapping[str, str], query: str) -> None:
    assert await found(site, query) == SEARCHES[query]
    assert set(story) == EVERYTHING


@pytest.mark.parametrize("query", SEARCHES)
async def test_the_narrower_lists_find_the_same_within_their_bounds(
    site: Site, story: Mapping[str, str], query: str
) -> None:
    if "%ME%" in query:
        return
    assert await found(site, query, "/Workflow/Instances/My") == SEARCHES[query] - {"done"}
    assert await found(site, query, "/Workflow/Instances/AssignedToMe") == SEARCHES[query] & {"old", "new"}
    assert story


async def test_me_is_the_caller(site: Site, story: Mapping[str, str]) -> None:
    mine = "/Workflow/Instances/My"
    for query in (
        "InitiatingUserName -eq %ME%",
        'initiatingusername -eq "%me%"',
        "InitiatingUserName -contains %ME-AN%",
    ):
        assert await found(site, query, mine, "dora") == {"done"}
        assert await found(site, query, mine, "alice") == {"old", "new", "stopped"}
    assert await found(site, "InitiatingUserName -ne %ME%", mine, "dora") == set()
    assert story


async def test_ids_are_found_in_every_spelling(site: Site, story: Mapping[str, str]) -> None:
    page = await site.instance(story["new"])
    for spelling in (page["Id"], page["Id"].upper(), f"{{{page['Id']}}}", page["Id"].replace("-", "")):
        assert await found(site, f"Id -eq {spelling}") == {"new"}
        assert await found(site, f'Id -ne "{spelling}"') == EVERYTHING - {"new"}
    assert await found(site, f"ReferenceId -eq {page['ReferenceId']}") == {"new"}
    assert await found(site, f"DefinitionId -eq {page['Definition']['Id']}") == {"old", "new", "stopped"}


@pytest.mark.parametrize("sort", ["", "&SortField=Title", "&SortField=StartDate&SortAscending=1"])
async def test_the_total_of_a_search_is_the_same_on_every_page(site: Site, story: Mapping[str, str], sort: str) -> None:
    titles: list[str] = []
    for page in (1, 2, 3, 4):
        query = f"QueryString=Status -ne Complete&ReturnLimit=1&PageReturned={page}{sort}"
        answer = await site.get("admin", f"/Workflow/Instances?{query}")
        assert answer.headers["x-total-count"] == "3"
        titles += [row["Title"] for row in answer.json()]
    assert (len(titles), len(set(titles))) == (3, 3)
    assert story


# query → the column the answer points at, and what it says is expected there
FAULTS: Mapping[str, tuple[int, str]] = {
    "Status": (7, "an operator is expected, but the query ends"),
    "Status -eq": (11, "a value is expected, but the query ends"),
    "Titel -eq a": (1, "a field is expected, one of DefinitionId, Id, InitiatingUserName, LastModified"),
    "Title -eq a AND Colour -eq red": (17, "a field is expected"),
    "Title -like a": (7, "Title needs an operator, one of -eq, -ne, -contains"),
    "Title -gt a": (7, "Title needs an operator"),
    "Status -contains Susp": (8, "Status needs an operator, one of -eq, -ne, -null, -notnull"),
    "Status -eq Waiting": (12, "Status cannot be compared with this"),
    "Status -eq 7": (12, "Status cannot be compared with this"),
    "ReferenceId -eq one": (17, "an integer of at most 64 bits is expected"),
    "ReferenceId -eq 9223372036854775808": (17, "an integer of at most 64 bits is expected"),
    "StartDate -ge yesterday": (15, "%TODAY-30%"),
    "StartDate -ge %TODAY-x%": (15, "%TODAY-30%"),
    "Id -eq 7": (8, "needs the GUID"),
    "Title -eq web server": (15, "AND, OR or the end is expected"),
    'Title -eq "web': (11, "no closing quote"),
    "(Title -eq a": (13, "a closing parenthesis"),
    "Title -eq a)": (12, "AND, OR or the end is expected"),
    "()": (2, "a field is expected"),
    "Title -eq a AND": (16, "a field is expected, but the query ends"),
    "ReferenceId -gt NULL": (17, "NULL can only be compared with -eq and -ne"),
    "Title -eq a\x01": (12, "no control characters"),
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", FAULTS)
async def test_a_faulty_query_is_a_400_that_points_at_the_column(site: Site, query: str, path: str) -> None:
    column, told = FAULTS[query]
    answer = await site.client.get(
        f"http://testserver/KeyfactorAPI{path}",
        params={"QueryString": query},
        auth=("CORP\\admin", "correct horse battery"),
    )
    assert_problem(answer, 400, told)
    told_at, _, mark = answer.json()["Message"].splitlines()
    assert f"at column {column}:" in told_at
    assert mark == f"  {' ' * (column - 1)}^"
    assert "x-total-count" not in answer.headers


async def test_a_field_that_cannot_be_sorted_by_is_a_400_that_names_those_that_can(site: Site) -> None:
    answer = await site.get("admin", "/Workflow/Instances?SortField=Colour")
    assert_problem(answer, 400, "Colour", "0xA011004A")
    assert "CurrentStepDisplayName" in answer.json()["Message"]


async def test_every_documented_field_can_be_searched_and_sorted_by(site: Site) -> None:
    for field in QUERY_FIELDS:
        answer = await site.get("admin", f"/Workflow/Instances?QueryString={field} -notnull&SortField={field}")
        assert answer.status_code == 200, answer.text


async def test_a_search_that_takes_too_long_is_a_400_with_advice_and_others_go_on(
    site_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(site_folder, tmp_path / "data"))
    async with opened(folder) as site:
        waiting = await site.started()
        # Enough rows that reading through them takes longer than the limit below on any machine.
        await asyncio.to_thread(multiply, folder, waiting, 20_000)
    async with opened(folder, search_seconds=0.001) as site:
        slow = await site.get("admin", "/Workflow/Instances?QueryString=Title -contains nothing")
        assert_problem(slow, 400, "The search was given up after 0.001 seconds. Narrow it by a field that has an index")
        assert "x-total-count" not in slow.headers
        quick = await site.get("admin", f"/Workflow/Instances?QueryString=Id -eq {waiting}")
        assert [row["Id"] for row in quick.json()] == [waiting]
        assert (await site.signal("bob", waiting)).status_code == 204


def multiply(folder: Path, instance_id: str, times: int) -> None:
    """Put copies of an instance's row beside it."""
    with sqlite3.connect(folder / "certloom.db") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(instance)")]
        copied = ", ".join("id || '-' || n" if name == "id" else name for name in columns if name != "reference_id")
        named = ", ".join(name for name in columns if name != "reference_id")
        numbers = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)"
        copies = f"INSERT INTO instance ({named}) SELECT {copied} FROM instance, number WHERE id = ?"  # noqa: S608  # the table's own columns
        connection.execute(f"{numbers} {copies}", (times, instance_id))
    connection.close()
