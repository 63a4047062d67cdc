import csv
import io
import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import pytest
from tests.api.conftest import ROOT, Site, assert_problem

from certloom.operations.access import Operation
from certloom.operations.accounts import create_account
from certloom.operations.audit import entry
from certloom.operations.checkpoints import sign_checkpoint
from certloom.store.change import Change

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def entries(site: Site, query: str = "", **more: str) -> list[dict[str, Any]]:
    answer = await site.client.get(
        "http://testserver/KeyfactorAPI/Audit",
        params={"QueryString": query, "ReturnLimit": "1000", **more},
        auth=("CORP\\admin", "correct horse battery"),
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def said(row: dict[str, Any]) -> str:
    return ET.fromstring(row["Message"]).findtext("Message") or ""  # noqa: S314 - our own answer


async def test_an_entry_has_the_fields_of_the_product(site: Site) -> None:
    first = (await entries(site))[0]
    assert list(first) == [
        "Id", "Timestamp", "Message", "Signature", "Category", "Operation", "Level", "User", "EntityType",
        "AuditIdentifier", "ImmutableIdentifier",
    ]  # fmt: skip
    assert first["Id"] == 1
    assert (await site.get("admin", "/Audit/1")).json() == first


async def test_entries_are_searched_sorted_and_paged(site: Site) -> None:
    roles = await entries(site, 'Category -eq "Role" AND Operation -eq "create role"')
    assert {(row["Category"], row["Operation"]) for row in roles} == {(2011, 1)}
    assert "Approvers" in {row["AuditIdentifier"] for row in roles}
    newest = await entries(site, SortField="Timestamp", SortAscending="1", ReturnLimit="3", PageReturned="2")
    assert len(newest) == 3
    assert newest[0]["Timestamp"] >= newest[1]["Timestamp"]
    assert_problem(await site.get("admin", "/Audit?SortField=Message"), 400, "Invalid sort field", "0xA011004A")


async def test_an_entry_that_is_not_there_is_a_404_and_no_number_a_400(site: Site) -> None:
    assert_problem(await site.get("admin", "/Audit/999999"), 404, "There is no audit entry 999999")
    assert_problem(await site.get("admin", "/Audit/999999/Validate"), 404, "There is no audit entry")
    assert_problem(await site.get("admin", "/Audit/first"), 400, "is not the id of an audit entry")


async def test_a_refusal_for_want_of_a_permission_is_written_with_the_real_actor(site: Site) -> None:
    assert (await site.get("carol", "/Templates")).status_code == 403
    (row,) = await entries(site, 'User -eq "CORP\\carol" AND Operation -eq "list templates"')
    assert (row["Category"], row["Level"], row["AuditIdentifier"]) == (2012, 1, "GET /KeyfactorAPI/Templates")
    assert "/certificate_templates/read/" in said(row)


async def test_a_refusal_before_the_router_is_written_too(site: Site) -> None:
    path = "/Workflow/Instances/0190a000-0000-7000-8000-000000000000"
    assert (await site.get("carol", path)).status_code == 403
    (row,) = await entries(site, 'User -eq "CORP\\carol" AND Operation -eq "read instance"')
    assert row["AuditIdentifier"] == f"GET /KeyfactorAPI{path}"


async def test_repeated_refusals_are_counted_and_the_count_is_written(site: Site) -> None:
    query = 'User -eq "CORP\\bob" AND Operation -eq "list definitions"'
    for _ in range(5):
        assert (await site.get("bob", "/Workflow/Definitions")).status_code == 403
    assert len(await entries(site, query)) == 1
    site.clock.moved += timedelta(minutes=1)
    await site.get("bob", "/Workflow/Definitions")
    second = (await entries(site, query))[1]
    details = ET.fromstring(second["Message"]).findall("Detail")  # noqa: S314 - our own answer
    assert [(each.get("Name"), each.text) for each in details] == [("unwritten", "4")]


async def test_somebody_unknown_is_counted_and_not_written_one_by_one(site: Site) -> None:
    before = len(await entries(site))
    for _ in range(20):
        assert (await site.get(None, "/Templates")).status_code == 401
    assert len(await entries(site)) == before


async def test_h02_an_entry_that_was_changed_is_not_valid_and_its_successors_tell(site: Site) -> None:
    await sign_checkpoint(site.services)
    last = len(await entries(site))
    assert (await site.get("admin", f"/Audit/{last}/Validate")).json() is True
    assert (await site.get("admin", "/Audit/1/Validate")).json() is True
    await create_account(site.services, ROOT, "CORP\\last", "correct horse battery")
    newest = (await entries(site))[-1]["Id"]
    assert (await site.get("admin", f"/Audit/{newest}/Validate")).json() is True
    sql = "UPDATE audit SET actor = 'nobody' WHERE seq = ?"
    await change(site, sql, last)
    assert (await site.get("admin", f"/Audit/{last}/Validate")).json() is False
    assert (await site.get("admin", f"/Audit/{last - 1}/Validate")).json() is False
    assert (await site.get("admin", f"/Audit/{newest}/Validate")).json() is True


async def change(site: Site, sql: str, *values: Any) -> None:
    """What somebody does who can write the file."""
    from certloom.store.sqlite import connect  # noqa: PLC0415 - nobody else here touches the file

    connection = connect(site.certloom.folder.database)
    connection.execute(sql, values)
    connection.close()


async def test_a_download_is_a_table_without_formulas_and_is_audited(site: Site) -> None:
    hostile = entry(site.services, "=cmd|' /C calc'!A0", Operation.STATUS, ("Test", "@x"), "-1+1\x00<&>")
    await site.services.database.commit(Change(audit=(hostile,)))
    answer = await site.get("admin", '/Audit/Download?QueryString=EntityType -eq "Test"')
    assert isinstance(answer.json(), str)
    rows = list(csv.reader(io.StringIO(answer.json())))
    assert rows[0] == [
        "Id",
        "Timestamp",
        "User",
        "Operation",
        "EntityType",
        "AuditIdentifier",
        "Level",
        "Message",
        "Hash",
    ]
    assert len(rows) == 2
    assert [cell[:2] for cell in (rows[1][2], rows[1][5], rows[1][7])] == ["'=", "'@", "'-"]
    (row,) = await entries(site, 'EntityType -eq "Test"')
    assert said(row) == "-1+1\ufffd<&>"
    (told,) = await entries(site, 'Operation -eq "download audit log"')
    assert (told["User"], told["Operation"]) == ("CORP\\admin", 7)
