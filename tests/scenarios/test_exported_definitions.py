"""Exported definitions as they come: imported unchanged, filled from a map, published, and run against real servers."""

import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import msgspec
import pytest
import trustme
from pytest_httpserver import HTTPServer
from tests.operations.conftest import ROOT, World, data_folder, furnished, step, world_of
from tests.outbound.conftest import PUBLIC, InventedNetwork
from tests.outbound.mail_servers import Received, mail_server
from tests.workflow.exported_strategies import FILES
from werkzeug import Request, Response

from certloom.app import STEP_TYPES
from certloom.clock import uuid7
from certloom.operations.access import Operation
from certloom.operations.exchange.importing import ImportedDefinition, import_definition
from certloom.operations.expiration_alerts import create_expiration_alert, expiration_alerts
from certloom.operations.expirations import expiration_data
from certloom.operations.metadata_fields import create_metadata_field
from certloom.operations.publishing import DefinitionUnpublishable, definition_findings, publish_definition
from certloom.operations.triggers import Start, begin
from certloom.pki.metadata import MetadataField
from certloom.store.certificates import CertificateRow
from certloom.store.metadata import metadata_of
from certloom.workflow.exported import ExportedDefinition, ExportedStep
from certloom.workflow.import_map import ImportMap
from certloom.workflow.instance import Instance, Status

__all__ = ["data_folder", "furnished"]

SECRET, TOKEN = "open-sesame-4711", "bearer-token-0815"
TOKEN_ENDPOINT = "https://login.example/token"
OWNER, TEAM = "owner@corp.example", "Team A & friends"
MEMBERS = ["a@corp.example", "b@corp.example"]
DIRECTORY: Mapping[str, Any] = {
    "/v1.0/groups": {"value": [{"id": "grp-42"}]},
    "/v1.0/groups/grp-42/transitiveMembers/microsoft.graph.user": {
        "value": [
            {"userType": "Member", "mail": " A@Corp.example "},
            {"userType": "Guest", "mail": "guest@elsewhere.example"},
            {"userType": "Member", "mail": None},
            {"userType": "Member", "mail": MEMBERS[1]},
            {"userType": "Member", "mail": MEMBERS[0]},
        ]
    },
    "/teams": {"items": [{"id": "t-7"}]},
    "/teams/t-7/people": {
        "people": [
            {"active": True, "mail": "A@corp.example"},
            {"active": False, "mail": "gone@corp.example"},
            {"active": True, "mail": MEMBERS[1]},
        ]
    },
}
"""What the services that exported definitions ask would answer, by path."""
DOCUMENTS = {file.stem: json.loads(file.read_text(encoding="utf-8-sig")) for file in FILES}
KNOWN = {step_type.extension_name for step_type in STEP_TYPES}


@dataclass
class Outside:
    """A web server that is every host the definitions call, a mail server, and a world that reaches both."""

    world: World
    received: Received
    requests: list[Request]

    async def issued(self) -> CertificateRow:
        """A certificate."""
        await self.world.publish(step("EnrollStep"))
        certificate = (await self.world.enroll()).certificate
        assert certificate is not None
        return certificate

    async def ended(self, instance_id: str) -> Instance:
        await self.world.services.settle(instance_id, 30)
        return await self.world.instance(instance_id)


@pytest.fixture
def web() -> Iterator[tuple[HTTPServer, trustme.CA]]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts()).configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        yield server, authority


@pytest.fixture
async def outside(data_folder: Path, web: tuple[HTTPServer, trustme.CA]) -> AsyncIterator[Outside]:
    server, authority = web
    trust = data_folder.parent / "trust.pem"
    authority.cert_pem.write_to_path(str(trust))
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        requests.append(request)
        if request.path == "/token":
            return Response(json.dumps({"access_token": TOKEN, "expires_in": 600}), content_type="application/json")
        known = DIRECTORY.get(request.path)
        return Response(json.dumps(known), 404 if known is None else 200, content_type="application/json")

    server.expect_request(re.compile(".*")).respond_with_handler(answer)
    network, received = InventedNetwork(dict.fromkeys(hosts(), (PUBLIC,)), {PUBLIC: server.port}), Received()
    async with (
        mail_server(received) as port,
        world_of(
            data_folder,
            network,
            outbound_trust=str(trust),
            mail_host="127.0.0.1",
            mail_port=port,
            mail_tls="none",
            mail_sender="certloom@corp.example",
        ) as world,
    ):
        yield Outside(world, received, requests)


def hosts() -> list[str]:
    """The hosts that any of the files calls, and the one that gives tokens."""
    urls = [str(one.parameters["URL"]) for document in DOCUMENTS.values() for one in calls(read(document))]
    return sorted({str(urlsplit(url).hostname) for url in (*urls, TOKEN_ENDPOINT)})


def read(document: Mapping[str, Any]) -> ExportedDefinition:
    return msgspec.convert(document, ExportedDefinition)


def calls(exported: ExportedDefinition) -> list[ExportedStep]:
    """The steps that call a service, as they follow each other."""
    by_name = {one.unique_name: one for one in exported.all_steps}
    targets = {target for one in exported.all_steps for target in (one.outputs or {}).values()}
    (name,) = by_name.keys() - targets
    ordered = []
    while name:
        ordered.append(by_name[name])
        name = (by_name[name].outputs or {}).get("continue", "")
    return [one for one in ordered if one.extension_name == "OAuthRESTRequest"]


def noted(exported: ExportedDefinition) -> dict[str, str]:
    """The metadata that steps set, by field."""
    steps = [one.parameters for one in exported.all_steps if one.extension_name == "UpdateMetadata"]
    return {one["Name"]: one["Value"] for one in steps}


def map_for(exported: ExportedDefinition) -> ImportMap:
    """What these files leave open, filled in."""
    names = [one.unique_name for one in calls(exported)]
    return ImportMap(
        roles={"PKI team": "Approvers", "7": "Approvers", "9": "Approvers"},
        secrets={f"{name}.{secret}": SECRET for name in names for secret in ("client_id", "client_secret")},
        parameters={name: {"TokenEndpoint": TOKEN_ENDPOINT} for name in names},
    )


async def brought(world: World, document: Mapping[str, Any]) -> ImportedDefinition:
    """The file, imported unchanged into an installation that has what it covers."""
    exported = read(document)
    for key in exported.covered:
        if exported.workflow_type == "Expiration":
            await create_expiration_alert(world.services, ROOT, str(key.display_name), 30)
        else:
            await world.apply_template(name="Intranet", display_name=str(key.display_name))
    for name in noted(exported):
        await create_metadata_field(world.services, ROOT, MetadataField(id=0, name=name))
    return await import_definition(world.services, ROOT, exported, map_for(exported))


def runnable(workflow_type: str) -> list[str]:
    """The files of a type all of whose step types there are."""
    return [
        name
        for name, document in DOCUMENTS.items()
        if document["WorkflowType"] == workflow_type and {one["ExtensionName"] for one in document["Steps"]} <= KNOWN
    ]


def filled_in(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"$({name})", value)
    return text


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_k02_an_exported_definition_comes_in_unchanged_and_is_published_unless_a_step_type_is_not_known(
    outside: Outside, name: str
) -> None:
    imported = await brought(outside.world, DOCUMENTS[name])
    unknown = {one["ExtensionName"] for one in DOCUMENTS[name]["Steps"]} - KNOWN
    assert [point.rule for point in imported.open_points] == ["step-type-unknown"] * len(unknown)
    definition = UUID(imported.view.row.id)
    if unknown:
        with pytest.raises(DefinitionUnpublishable, match=unknown.pop()):
            await publish_definition(outside.world.services, ROOT, definition)
    else:
        published = await publish_definition(outside.world.services, ROOT, definition)
        assert published.row.published_version == 1


async def test_k02_without_a_map_an_exported_definition_says_what_is_missing(outside: Outside) -> None:
    world, exported = outside.world, read(DOCUMENTS["team-mails"])
    imported = await import_definition(world.services, ROOT, exported)
    places = sorted(f"{point.step}.{point.field.rpartition('.')[2]}" for point in imported.open_points)
    wanted = [
        f"{one.unique_name}.{name}"
        for one in calls(exported)
        for name in ("TokenEndpoint", "client_id", "client_secret")
    ]
    assert places == sorted([*wanted, ".Keys"])
    findings = await definition_findings(world.services, ROOT, UUID(imported.view.row.id))
    assert len(findings.open_points) == len(places)


@pytest.mark.parametrize("name", runnable("Expiration"))
async def test_k02_an_exported_expiration_workflow_runs_to_its_end(outside: Outside, name: str) -> None:
    world, document = outside.world, DOCUMENTS[name]
    exported = read(document)
    certificate = await outside.issued()
    imported = await brought(world, document)
    await publish_definition(world.services, ROOT, UUID(imported.view.row.id))
    (alert,) = await expiration_alerts(world.services, ROOT)
    data = expiration_data(certificate, alert.id, {"RequestersEmail": TEAM, "Team": TEAM}) | {"OwnerRoleEmail": OWNER}

    instance_id = str(uuid7(world.clock()))
    start = Start(
        at=world.clock(), operation=Operation.START_EXPIRATION, workflow_type="Expiration", key=str(alert.id), data=data
    )
    await begin(world.services, ROOT, start, instance_id)
    instance = await outside.ended(instance_id)

    assert instance.status is Status.COMPLETE, instance.message
    assert instance.definition.display_name == document["DisplayName"]
    assert_mails(outside.received, exported, certificate)
    assert_calls(outside.requests, exported)
    assert await metadata_of(world.services.database, certificate.id) == noted(exported)
    rows = await world.services.database.fetch_all("SELECT body FROM journal")
    assert not any(secret in str(rows) for secret in (SECRET, TOKEN))


def assert_mails(received: Received, exported: ExportedDefinition, certificate: CertificateRow) -> None:
    """Every Email step sent one mail, to whom and with what it says."""
    values = {"cn": str(certificate.issued_cn), "expdate": certificate.not_after, "thumbprint": certificate.thumbprint}
    to = {"$(ownerroleemail)": [OWNER], "$(Emails)": MEMBERS, "$(TeamMails)": MEMBERS}
    mails = [one for one in exported.all_steps if one.extension_name == "Email"]
    assert mails
    for mail, one, envelope in zip(received.mails, mails, received.envelopes, strict=True):
        assert mail["Subject"] == filled_in(one.parameters["Subject"], values)
        wanted = [address for each in one.parameters["Recipients"] for address in to.get(each, [each])]
        assert sorted(map(str.casefold, envelope.rcpt_tos)) == sorted(map(str.casefold, wanted))
        body = mail.get_body(("html", "plain"))
        assert body is not None
        text = body.get_content()
        assert "$(" not in text
        for name, value in values.items():
            assert (value in text) == (f"$({name})" in one.parameters["Message"]), name


def assert_calls(requests: list[Request], exported: ExportedDefinition) -> None:
    """Every step that calls a service called it once, with a token that was fetched with the map's credentials."""
    values = {"displayname": TEAM, "GroupId": "grp-42", "TeamName": TEAM, "TeamId": "t-7"}
    steps, called = calls(exported), [one for one in requests if one.path != "/token"]
    for request, one in zip(called, steps, strict=True):
        url = urlsplit(str(one.parameters["URL"]))
        assert request.host.partition(":")[0] == url.hostname
        assert request.path == filled_in(url.path, values)
        query = {name: filled_in(value, values) for name, value in parse_qsl(url.query)}
        assert request.args.to_dict() == query
        assert (request.method, request.headers["Authorization"]) == ("GET", f"Bearer {TOKEN}")
    tokens = [request.form for request in requests if request.path == "/token"]
    assert bool(tokens) == bool(steps)
    for form in tokens:
        assert (form["client_id"], form["client_secret"]) == (SECRET, SECRET)


@pytest.mark.parametrize("name", runnable("Enrollment"))
async def test_k02_an_exported_enrollment_workflow_is_approved_and_issues(outside: Outside, name: str) -> None:
    world = outside.world
    await world.person("dave", "Approvers")
    imported = await brought(world, DOCUMENTS[name])
    await publish_definition(world.services, ROOT, UUID(imported.view.row.id))
    waiting = (await world.enroll(template="Intranet")).instance
    key = f"{waiting.cursor.step if waiting.cursor else ''}.ApprovalStatus"
    assert (waiting.status, await world.certificates()) == (Status.SUSPENDED, 0)
    for person in ("bob", "dave"):
        waiting = await world.vote(person, waiting, key=key)
    assert (waiting.status, await world.certificates()) == (Status.COMPLETE, 1)


def test_some_file_of_each_kind_is_run_everywhere() -> None:
    assert {"expiration-notice", "team-mails"} <= set(runnable("Expiration"))
    assert "approved-web-server" in runnable("Enrollment")
