import inspect
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler
from tests.api.conftest import Site

from certloom.api.application import routes

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGED = {"ListInstances", "ListMyInstances", "ListAssignedInstances"}


class Addresses(HTMLParser):
    """Every address a page makes a browser fetch, and whether it holds script of its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "action", "data"}]
        self.inline += (tag == "script" and "src" not in given) + sum(name.startswith("on") for name in given)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def description(site: Site) -> dict[str, Any]:
    answer = await site.call(None, "GET", "/openapi.json", base="")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["operationId"]: each for path in description["paths"].values() for each in path.values()}


async def test_every_route_is_described_under_an_id_of_its_own(
    site: Site, description: dict[str, Any], operations: dict[str, Any]
) -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/KeyfactorAPI')}"
        for path, each in description["paths"].items()
        for method in each
        if path.startswith("/KeyfactorAPI/")
    }
    assert described == set((await site.get("admin", "/Status/Endpoints")).json())
    assert len(operations) == sum(map(len, description["paths"].values()))


def reading() -> set[str]:
    """The operations whose code reads a body."""
    handlers = [
        handler
        for route in routes(1_000_000).routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
    ]
    return {str(each.operation_id) for each in handlers if "call.body(" in inspect.getsource(each.fn)}


async def test_every_body_that_is_read_is_described(operations: dict[str, Any]) -> None:
    described = {name for name, each in operations.items() if "requestBody" in each}
    assert {"CreateDefinition", "SignalInstance"} <= described
    assert described == reading()


async def test_a_body_is_described_by_its_members_in_the_spelling_of_the_wire(
    description: dict[str, Any], operations: dict[str, Any]
) -> None:
    schemas = description["components"]["schemas"]
    reference = operations["SignalInstance"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    signal = schemas[reference.rpartition("/")[2]]
    assert list(signal["properties"]) == ["SignalKey", "Data"]
    assert signal["required"] == ["SignalKey", "Data"]


async def test_lists_describe_their_query(operations: dict[str, Any]) -> None:
    for name in PAGED:
        given = {each["name"] for each in operations[name]["parameters"] if each["in"] == "query"}
        assert given == {"QueryString", "PageReturned", "ReturnLimit", "SortField", "SortAscending"}


async def test_every_parameter_in_a_path_is_described(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for each in methods.values():
            given = {one["name"] for one in each.get("parameters", []) if one["in"] == "path"}
            assert given == set(re.findall(r"{(\w+)}", path)), path


async def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(description)))
    assert references
    assert references <= set(description["components"]["schemas"])


async def test_the_viewer_fetches_nothing_from_elsewhere_and_all_it_fetches_is_served(site: Site) -> None:
    page = await site.call(None, "GET", "/docs", base="")
    addresses = Addresses(page.text)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert addresses.inline == 0
    assert len(addresses.found) == 4
    for address in addresses.found:
        assert re.fullmatch(r"docs/[\w.-]+", address)
        file = await site.call(None, "GET", f"/{address}", base="")
        assert (file.status_code, bool(file.content)) == (200, True), address


async def test_the_viewers_own_script_asks_for_the_description_beside_it(site: Site) -> None:
    script = (await site.call(None, "GET", "/docs/start.js", base="")).text
    assert 'url: "openapi.json"' in script
    assert "//" not in script
    assert "validatorUrl: null" in script


async def test_the_viewer_forbids_what_it_does_not_need(site: Site) -> None:
    policy = (await site.call(None, "GET", "/docs", base="")).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", ["nonsense.js", "__init__.py", "swagger-ui.css.map", "..", "SWAGGER-UI.CSS"])
async def test_no_other_file_of_the_viewers_package_is_served(site: Site, name: str) -> None:
    assert (await site.call(None, "GET", f"/docs/{name}", base="")).status_code == 404
