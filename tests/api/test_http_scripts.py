import pytest
from tests.api.conftest import Site, assert_problem

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/Extensions/Scripts"
TEXT = 'param($Name)\nreturn @{ Name = "\u00e4 $Name" }\r\n'


async def test_a_script_goes_through_its_life_in_the_shapes_of_the_clients(site: Site) -> None:
    made = await site.call("admin", "POST", PATH, {"Name": "Tag", "Contents": TEXT, "Categories": ["Workflow"]})
    assert made.status_code == 200, made.text
    one = made.json()
    assert list(one) == ["Id", "Name", "Contents", "Categories"]
    assert (one["Name"], one["Contents"], one["Categories"]) == ("Tag", TEXT, [6])
    path = f"{PATH}/{one['Id']}"
    assert (await site.get("admin", path)).json() == one
    listed = await site.get("admin", PATH)
    assert listed.json() == [{"Id": one["Id"], "Name": "Tag", "Categories": [6]}]
    assert listed.headers["x-total-count"] == "1"
    changed = await site.call("admin", "PUT", PATH, {"id": one["Id"], "contents": "return @{}", "categories": [6, 2]})
    assert changed.json() == {**one, "Contents": "return @{}", "Categories": [2, 6]}
    assert (await site.call("admin", "DELETE", path)).status_code == 204
    assert_problem(await site.get("admin", path), 404, "There is no script with id")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"Name": "Tag"}, "Contents"),
        ({"Name": "Tag", "Contents": ""}, "Contents is empty"),
        ({"Name": "Tag", "Contents": "x", "Categories": ["workflow"]}, "is no category of scripts"),
        ({"Name": "Tag", "Contents": "x", "Categories": [6.5]}, "Categories"),
    ],
)
async def test_a_script_that_cannot_be_kept_is_refused_and_leaves_nothing(
    site: Site, body: dict[str, object], told: str
) -> None:
    assert_problem(await site.call("admin", "POST", PATH, body), 400, told)
    assert await site.rows("script") == 0


@pytest.mark.parametrize("script_id", ["x", "-1", "1.5", "\u0661", "9" * 30])
async def test_an_id_that_is_none_is_told(site: Site, script_id: str) -> None:
    assert_problem(await site.get("admin", f"{PATH}/{script_id}"), 400, "is not the id of a script")


async def test_scripts_are_searched_sorted_and_paged(site: Site) -> None:
    for name, categories in (("b", [6]), ("A", [2, 6]), ("c", [2])):
        made = await site.call("admin", "POST", PATH, {"Name": name, "Contents": "x", "Categories": categories})
        assert made.status_code == 200
    for query, names in (
        ("", ["A", "b", "c"]),
        ("SortField=Id&SortAscending=1", ["c", "A", "b"]),
        ("QueryString=Categories -eq 6", ["A", "b"]),
        ("QueryString=Name -startswith a", ["A"]),
        ("PageReturned=2&ReturnLimit=2", ["c"]),
    ):
        assert [one["Name"] for one in (await site.get("admin", f"{PATH}?{query}")).json()] == names, query
    assert_problem(await site.get("admin", f"{PATH}?SortField=Contents"), 400, "Invalid sort field")
