import pytest
from tests.api.conftest import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/MetadataFields"
MEMBERS = [
    "Id",
    "Name",
    "Description",
    "DataType",
    "Hint",
    "Validation",
    "Enrollment",
    "Message",
    "Options",
    "DefaultValue",
    "DisplayOrder",
    "CaseSensitive",
]


async def test_a_metadata_field_goes_through_its_life(site: Site) -> None:
    wanted = {"name": "Stage", "dataType": "5", "options": "Test, Prod", "defaultValue": "Test", "enrollment": 2}
    created = await site.call("admin", "POST", PATH, wanted)
    assert created.status_code == 200
    assert list(created.json()) == MEMBERS
    field_id = created.json()["Id"]
    assert created.json() | {"Description": ""} == {
        "Id": field_id,
        "Name": "Stage",
        "Description": "",
        "DataType": 5,
        "Hint": "",
        "Validation": "",
        "Enrollment": 2,
        "Message": "",
        "Options": "Test,Prod",
        "DefaultValue": "Test",
        "DisplayOrder": 0,
        "CaseSensitive": False,
    }
    for one in (str(field_id), "Stage", "stage"):
        assert (await site.call("admin", "GET", f"{PATH}/{one}")).json() == created.json()
    assert (await site.call("admin", "GET", f"{PATH}/{field_id}/InUse")).json() is False
    changed = await site.call("admin", "PUT", PATH, {**created.json(), "Hint": "where", "Options": ["Test", "Prod"]})
    assert (changed.status_code, changed.json()) == (200, created.json() | {"Hint": "where"})
    listed = await site.call("admin", "GET", PATH)
    assert changed.json() in listed.json()
    assert listed.headers["x-total-count"] == str(len(listed.json()))
    assert (await site.call("admin", "DELETE", f"{PATH}/{field_id}")).status_code == 204
    assert (await site.call("admin", "GET", f"{PATH}/Stage")).status_code == 404


async def test_a_field_in_use_is_deleted_by_force_only_and_many_at_once(site: Site) -> None:
    ids = []
    for name in ("Doomed", "Unused"):
        made = await site.call("admin", "POST", PATH, {"Name": name, "Description": name, "DataType": 1})
        ids.append(made.json()["Id"])
    enrolled = await site.enroll("alice", "Direct", Metadata={"doomed": "yes"})
    certificate = enrolled.json()["CertificateInformation"]["KeyfactorID"]
    assert (await site.call("admin", "GET", f"{PATH}/{ids[0]}/InUse")).json() is True
    refused = await site.call("admin", "DELETE", PATH, ids)
    assert (refused.status_code, refused.json()["ErrorCode"]) == (400, "0xA011000B")
    assert (await site.call("admin", "GET", f"{PATH}/{ids[1]}")).status_code == 200
    assert (await site.call("admin", "DELETE", f"{PATH}?force=true", ids)).status_code == 204
    shown = await site.call("admin", "GET", f"/Certificates/{certificate}")
    assert shown.json()["Metadata"] == {}


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"Name": "TEAM", "DataType": 1}, "0xA011000A", "already"),
        ({"Name": "Choice", "DataType": 5}, "0xA0110008", "Options"),
        ({"Name": "Kind", "DataType": 8}, "0xA0110008", "$.DataType"),
        ({"DataType": 1}, "0xA0110008", "Name"),
    ],
)
async def test_a_field_that_cannot_be_is_refused(site: Site, body: dict[str, object], code: str, told: str) -> None:
    answer = await site.call("admin", "POST", PATH, body)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, code)
    assert told in answer.json()["Message"]


async def test_metadata_no_field_knows_is_a_400_that_names_the_fields(site: Site) -> None:
    answer = await site.enroll("alice", "Direct", Metadata={"Taem": "shop"})
    assert answer.status_code == 400
    assert "'Taem' is no metadata field; known: " in answer.json()["Message"]
