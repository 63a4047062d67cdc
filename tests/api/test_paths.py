from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, get
from litestar.params import FromPath
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from certloom.api.paths import API_BASE, NO_ROUTE, PathRewriter, PathTable
from certloom.settings import EnumerationForm

BASES: dict[str, EnumerationForm] = {
    "/KeyfactorAPI": "names",
    "/Keyfactor/API": "names",
    "/KeyfactorAPI-sdk": "numbers",
}
TEMPLATES = [
    "/Workflow/Instances",
    "/Workflow/Instances/My",
    "/Workflow/Instances/{instance_id}",
    "/Workflow/Instances/{instance_id}/Signals",
    "/Workflow/Definitions/Steps",
    "/Workflow/Definitions/Steps/{extension_name}",
    "/Workflow/Definitions/{definition_id}/Steps",
    "/Workflow/Definitions/{definition_id:str}/Publish/{version:int}",
    "/CertificateCollections/Copy",
    "/CertificateCollections/{name}",
    "/Status/HealthCheck",
]
TABLE = PathTable(BASES, TEMPLATES)


def rewrite(path: str) -> str:
    return TABLE.rewrite(path.encode()).path


@pytest.mark.parametrize(
    ("path", "routed"),
    [
        ("/KeyfactorAPI/Workflow/Instances", "/Workflow/Instances"),
        ("/keyfactorapi/workflow/instances/", "/Workflow/Instances"),
        ("/Keyfactor/api//WORKFLOW///Instances//", "/Workflow/Instances"),
        ("//KeyfactorApi/status/healthcheck", "/Status/HealthCheck"),
        ("/KeyfactorAPI-SDK/workflow/instances/my", "/Workflow/Instances/My"),
        ("/KeyfactorAPI/workflow/instances/AbC/signals", "/Workflow/Instances/AbC/Signals"),
        ("/KeyfactorAPI/certificatecollections/signals", "/CertificateCollections/signals"),
        ("/KeyfactorAPI/certificatecollections/COPY", "/CertificateCollections/Copy"),
        ("/KeyfactorAPI/workflow/definitions/steps/steps", "/Workflow/Definitions/Steps/steps"),
        ("/KeyfactorAPI/workflow/definitions/steps/publish", "/Workflow/Definitions/Steps/publish"),
        ("/KeyfactorAPI/workflow/definitions/types/steps", "/Workflow/Definitions/types/Steps"),
        ("/KeyfactorAPI/workflow/definitions/id/publish/3", "/Workflow/Definitions/id/Publish/3"),
        ("/KeyfactorAPI/workflow/instances/my/signals", "/Workflow/Instances/my/Signals"),
        ("/KeyfactorAPI/certificatecollections/a%20b%3Bc%2Bd", "/CertificateCollections/a b;c+d"),
        ("/KeyfactorAPI/certificatecollections/CORP%5Calice", "/CertificateCollections/CORP\\alice"),
        ("/KeyfactorAPI/certificatecollections/%252e%252e", "/CertificateCollections/%2e%2e"),
        ("/KeyfactorAPI", ""),
        ("/KeyfactorAPI/", ""),
    ],
)
def test_literal_segments_get_the_routers_spelling_and_parameters_stay(path: str, routed: str) -> None:
    assert rewrite(path) == API_BASE + routed


@pytest.mark.parametrize("path", ["/KeyfactorAPI/workflow/nothing", "/KeyfactorAPI/workflow/instances/a/configs"])
def test_b02_an_unknown_route_stays_unknown(path: str) -> None:
    assert rewrite(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "/KeyfactorAPI/Workflow/Instances/a%2FSignals",
        "/KeyfactorAPI/Workflow/Instances/a%2fSignals",
        "/KeyfactorAPI/Workflow/Instances/..",
        "/KeyfactorAPI/Workflow/../Status/HealthCheck",
        "/KeyfactorAPI/Workflow/%2e%2E/Status/HealthCheck",
        "/KeyfactorAPI/./Workflow/Instances",
        "/KeyfactorAPI/Workflow/Instances/..;/My",
        "/KeyfactorAPI/Workflow/Instances;x=1",
        "/KeyfactorAPI/Workflow/Instances/My%00",
        "/KeyfactorAPI/Workflow/Instances/My%0d%0aX",
        "/KeyfactorAPI/Workflow/Instances/My%7f",
        "/KeyfactorAPI/Workflow/Instances/%ff",
        "/ui/../KeyfactorAPI/Workflow/Instances",
        "/ui/%2e%2e/secret",
    ],
)
def test_b02_path_tricks_lead_nowhere(path: str) -> None:
    assert rewrite(path) == NO_ROUTE


def test_b02_bytes_that_are_not_utf8_lead_nowhere() -> None:
    assert TABLE.rewrite(b"/KeyfactorAPI/\xff").path == NO_ROUTE


def test_paths_outside_the_base_paths_are_left_alone() -> None:
    assert rewrite("/healthz") == "/healthz"
    assert rewrite("/KeyfactorAPIx/Workflow") == "/KeyfactorAPIx/Workflow"
    assert rewrite("/Keyfactor/Workflow") == "/Keyfactor/Workflow"


def test_b02_the_routers_own_base_path_is_closed_unless_it_is_configured() -> None:
    table = PathTable({"/api": "names"}, TEMPLATES)

    assert table.rewrite(b"/KeyfactorAPI/Workflow/Instances").path == NO_ROUTE
    assert table.rewrite(b"//KeyfactorAPI/Workflow/Instances").path == NO_ROUTE
    assert table.rewrite(b"/API/workflow/instances").path == f"{API_BASE}/Workflow/Instances"


def test_the_form_of_enumerations_belongs_to_the_base_path() -> None:
    assert TABLE.rewrite(b"/KeyfactorAPI/Workflow/Instances").enumerations == "names"
    assert TABLE.rewrite(b"/keyfactorapi-SDK/Workflow/Instances").enumerations == "numbers"


def test_a_base_path_below_another_one_wins() -> None:
    table = PathTable({"/api": "names", "/api/sdk": "numbers"}, TEMPLATES)

    assert table.rewrite(b"/api/sdk/Workflow/Instances").enumerations == "numbers"


literals = {segment for template in TEMPLATES for segment in template.split("/") if segment and "{" not in segment}
parameters = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1).filter(
    lambda text: text not in {".", ".."} and text.casefold() not in {literal.casefold() for literal in literals}
)


def cased(text: str, upper: list[bool]) -> str:
    return "".join(letter.upper() if up else letter.lower() for letter, up in zip(text, upper, strict=True))


@given(data=st.data(), template=st.sampled_from(TEMPLATES), base=st.sampled_from(sorted(BASES)))
def test_b02_any_spelling_of_a_route_is_that_route_with_its_parameters_unchanged(
    data: st.DataObject, template: str, base: str
) -> None:
    def spelled(segment: str) -> str:
        return cased(segment, data.draw(st.lists(st.booleans(), min_size=len(segment), max_size=len(segment))))

    sent, routed = "", API_BASE
    for segment in base.strip("/").split("/"):
        sent += data.draw(st.sampled_from(["/", "//"])) + spelled(segment)
    for segment in template.strip("/").split("/"):
        value = data.draw(parameters) if segment.startswith("{") else segment
        sent += data.draw(st.sampled_from(["/", "//"]))
        sent += quote(value, safe="") if segment.startswith("{") else spelled(value)
        routed += f"/{value}"

    assert rewrite(sent + data.draw(st.sampled_from(["", "/", "//"]))) == routed


@given(raw=st.binary(max_size=60) | st.text("/KeyfactorAPIworkstne%2.;-", max_size=40).map(str.encode))
def test_b02_no_path_is_rewritten_differently_the_second_time(raw: bytes) -> None:
    first = TABLE.rewrite(raw)

    assert TABLE.rewrite(first.raw_path).path == first.path


def test_the_router_sees_the_rewritten_path_and_the_form_and_the_server_does_not() -> None:
    @get("/KeyfactorAPI/Workflow/Instances/{instance_id:str}/Signals", sync_to_thread=False)
    def signals(instance_id: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, str]:
        return {"id": instance_id, "form": request.scope["state"]["enumerations"], "url": request.url.path}

    seen: list[str] = []
    inner = PathRewriter(Litestar([signals]), BASES, TEMPLATES)

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)
        seen.append(scope.get("path", ""))

    with TestClient(server) as client:
        answer = client.get("/keyfactorapi-sdk//workflow/instances/AbC/signals/?version=1")
        missing = client.get("/keyfactorapi/workflow/instances/AbC%2Fsignals")

    expected = "/KeyfactorAPI/Workflow/Instances/AbC/Signals"
    assert answer.json() == {"id": "AbC", "form": "numbers", "url": expected}
    assert missing.status_code == 404
    assert "/keyfactorapi-sdk//workflow/instances/AbC/signals/" in seen
