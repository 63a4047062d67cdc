from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.operations.conftest import ROOT, World, linear, step, world_of
from typing_extensions import override

from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import create_definition, definition_view, delete_definition, update_definition
from certloom.operations.enrollment import EnrollmentFailed
from certloom.operations.publishing import DefinitionUnpublishable, definition_findings, publish_definition
from certloom.operations.retention import forget_outdated
from certloom.steps.require_approval import RequireApproval
from certloom.store.change import Change
from certloom.store.rows import Put
from certloom.store.secrets import SecretRow, read_secret_row
from certloom.workflow.instance import Status
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.parameters import DataType, Parameter
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

CANARY = "canary-6f1d-of-a-secret"
SECRET = Parameter(name="client_secret", display_name="Secret", data_type=DataType.SECRET, required=True)


class Call(EffectStep):
    """Remembers what secret it was given, outside of everything that is stored."""

    extension_name = "Call"
    display_name = "Call"
    parameters = (SECRET, Parameter(name="URL", display_name="URL"))
    retries = Retries.SAFE

    def __init__(self) -> None:
        self.opened: list[str | None] = []

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared({"secret": context.view.parameters["client_secret"]})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        self.opened.append(await context.secret(context.view.parameters["client_secret"]))
        return Continue({"Called": True})


def call(secret: object, name: str = "Call1", extension: str = "Call", **parameters: object) -> StepDraft:
    return step(extension, name, parameters={"Client_Secret": secret, **parameters})


@pytest.fixture
def called(world: World) -> Call:
    step_type = Call()
    world.register(step_type)
    return step_type


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def save(world: World, *drafts: StepDraft) -> DefinitionView:
    return await save_steps(world.services, ROOT, world.definition, linear(*drafts, step("EnrollStep")))


async def publish(world: World) -> DefinitionView:
    return await publish_definition(world.services, ROOT, world.definition)


async def run(world: World, called: Call) -> str | None:
    """What the step is handed when a request goes through."""
    assert (await world.enroll()).instance.status is Status.COMPLETE
    return called.opened[-1]


def shown(view: DefinitionView, name: str = "Call1") -> object:
    return next(one.parameters["Client_Secret"] for one in view.steps if one.unique_name == name)


async def test_b09_a_secret_is_opened_by_its_step_and_stands_nowhere_else(
    world: World, called: Call, data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved = await save(world, call(CANARY, URL="https://x"))
    published = await publish(world)
    assert [
        shown(one) for one in (saved, published, await definition_view(world.services, ROOT, world.definition))
    ] == [None] * 3
    assert await run(world, called) == CANARY
    stored = everything(data_folder)
    assert len(stored) > 100_000
    assert CANARY.encode() not in stored
    assert CANARY not in caplog.text
    messages = [one.message for one in await world.audited("save steps")]
    assert "Secrets stored: 1" in messages[-1]


async def test_null_keeps_a_secret_across_versions_an_empty_text_clears_it_and_a_text_replaces_it(
    world: World, called: Call
) -> None:
    await save(world, call(CANARY))
    await publish(world)
    await save(world, call(None))
    await publish(world)
    assert await run(world, called) == CANARY
    await save(world, call("another"))
    await publish(world)
    assert await run(world, called) == "another"
    await publish_definition(world.services, ROOT, world.definition, 2)
    assert await run(world, called) == CANARY
    await save(world, call(""))
    await save(world, call(None))
    with pytest.raises(DefinitionUnpublishable, match=r"Call1, ConfigurationParameters\.client_secret: is required"):
        await publish(world)


async def test_an_update_of_the_definition_keeps_its_secrets(world: World, called: Call) -> None:
    await save(world, call(CANARY))
    await publish(world)
    await update_definition(world.services, ROOT, world.definition, display_name="Other", description="")
    assert (await publish(world)).version == 3
    assert await run(world, called) == CANARY


@pytest.mark.usefixtures("called")
async def test_null_keeps_nothing_for_a_step_of_another_name_or_type(world: World) -> None:
    other_type: Any = type("Other", (Call,), {"extension_name": "Other"})
    world.register(other_type())
    await save(world, call(CANARY))
    for draft in (call(None, "Renamed"), call(None, "Call1", "Other")):
        await save(world, draft)
        findings = await definition_findings(world.services, ROOT, world.definition)
        assert [point.rule for point in findings.open_points] == ["parameter-missing"]
        await save(world, call(CANARY))


@pytest.mark.parametrize(
    "sent",
    [
        {"Sealed": "0190a000-0000-7000-8000-000000000000"},
        {"sealed": "x"},
        {},
        {"Environment": 1},
        {"Environment": ""},
        {"Environment": "A", "File": "/b"},
        {"Parameters": {}},
        {"Value": "x"},
        17,
        ["x"],
    ],
)
async def test_d07_what_is_no_secret_is_refused_with_its_place(world: World, called: Call, sent: object) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        await save(world, call(sent), call({"Sealed": "x"}, "Call2"))
    fields = {(fault.step, fault.field.casefold()) for fault in refused.value.faults}
    assert fields == {(name, "configurationparameters.client_secret") for name in ("Call1", "Call2")}
    assert called.opened == []


@pytest.mark.usefixtures("called")
async def test_d07_a_reference_to_another_definitions_secret_opens_nothing(world: World) -> None:
    await save(world, call(CANARY))
    await publish(world)
    (row,) = await world.services.database.fetch_all("SELECT id FROM secret")
    made = await create_definition(
        world.services, ROOT, display_name="Thief", description="", workflow_type="Revocation", keys=["WebServer"]
    )
    thief = UUID(made.row.id)
    # A type that is unknown when the steps are saved is not looked into; it becomes known afterwards.
    steps = linear(call({"Sealed": row[0]}, extension="Later"))
    await save_steps(world.services, ROOT, thief, steps)
    later: Any = type("Later", (Call,), {"extension_name": "Later"})
    world.register(later())
    with pytest.raises(DefinitionUnpublishable, match="stored secret is gone"):
        await publish_definition(world.services, ROOT, thief)


async def test_a_step_type_that_becomes_known_has_its_secrets_sealed(world: World) -> None:
    await save(world, call(CANARY, extension="Call"))
    assert shown(await definition_view(world.services, ROOT, world.definition)) == CANARY
    called = Call()
    world.register(called)
    assert shown(await definition_view(world.services, ROOT, world.definition)) is None
    await publish(world)
    assert await run(world, called) == CANARY
    rows = await world.services.database.fetch_all("SELECT steps FROM definition_version WHERE version = 2")
    assert CANARY not in rows[0][0]


async def test_a_step_type_that_becomes_known_has_ids_for_its_signals(world: World) -> None:
    approval = msgspec.structs.replace(world.approval(), extension_name="AskLater")
    await save(world, approval)
    later: Any = type("AskLater", (RequireApproval,), {"extension_name": "AskLater"})
    world.register(later())
    published = await publish(world)
    (asked,) = [one for one in published.steps if one.extension_name == "AskLater"]
    assert list(asked.signal_ids) == ["ApprovalStatus"]
    assert (await world.enroll()).instance.status is Status.SUSPENDED


async def test_secrets_no_version_refers_to_are_forgotten(world: World, called: Call) -> None:
    await save(world, call("one"))
    await save(world, call("two"), call("three", "Call2"))
    assert await world.rows("secret") == 2
    await publish(world)
    await save(world, call("four"))
    assert await world.rows("secret") == 3
    await save(world, call(None))
    assert await world.rows("secret") == 3
    await save(world)
    assert await world.rows("secret") == 2
    assert await run(world, called) == "three"


async def test_secrets_of_a_deleted_definition_live_as_long_as_its_instances(world: World, called: Call) -> None:
    await world.publish(world.approval(), call(CANARY), step("EnrollStep"))
    waiting = (await world.enroll()).instance
    await delete_definition(world.services, ROOT, world.definition)
    await forget_outdated(world.services)
    assert await world.rows("secret") == 1
    assert (await world.vote("bob", waiting)).status is Status.COMPLETE
    assert called.opened == [CANARY]
    await forget_outdated(world.services)
    assert await world.rows("secret") == 0


async def test_a_sealed_value_moved_to_another_row_opens_nothing(world: World, called: Call) -> None:
    await save(world, call("one"), call("two", "Call2"))
    await publish(world)
    database = world.services.database
    ids = [row[0] for row in await database.fetch_all("SELECT id FROM secret ORDER BY step")]
    first, second = [await read_secret_row(database, one) for one in ids]
    assert isinstance(first, SecretRow)
    assert isinstance(second, SecretRow)
    await database.commit(Change(writes=(Put(msgspec.structs.replace(first, sealed=second.sealed)),)))
    with pytest.raises(EnrollmentFailed, match="was changed"):
        await world.enroll()
    assert called.opened == []


async def test_a_variable_and_a_file_are_read_when_they_are_needed_where_the_settings_allow_it(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "key").write_text("from a file\n")
    monkeypatch.setenv("STEP_KEY", "from a variable")
    async with world_of(data_folder, secret_folder=str(folder), secret_environment_prefix="STEP_") as world:
        called = Call()
        world.register(called)
        for sent, told in (
            ({"environment": "STEP_KEY"}, "from a variable"),
            ({"File": str(folder / "key")}, "from a file"),
        ):
            await save(world, call(sent))
            assert shown(await publish(world)) is None
            await save(world, call(None))
            assert await run(world, called) == told
        findings = await definition_findings(world.services, ROOT, world.definition)
        assert [msgspec.to_builtins(one.secret) for one in findings.secrets] == [
            {"kind": "File", "which": str(folder / "key")}
        ]
        monkeypatch.delenv("STEP_KEY")
        (folder / "key").unlink()
        await save(world, call({"Environment": "STEP_KEY"}), call({"File": str(folder / "key")}, "Call2"))
        with pytest.raises(DefinitionUnpublishable) as refused:
            await publish(world)
        assert [fault.rule for fault in refused.value.faults] == ["secret-unusable"] * 2


async def test_d07_no_editor_reads_a_variable_or_file_that_nobody_allowed(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, outside = tmp_path / "secrets", tmp_path / "outside"
    folder.mkdir()
    outside.write_text(CANARY)
    (folder / "link").symlink_to(outside)
    (folder / "long").write_text("x" * 70_000)
    (folder / "empty").write_text("\n")
    monkeypatch.setenv("STEPLESS", CANARY)
    monkeypatch.setenv("CERTLOOM_OF_THE_SERVER", CANARY)
    sent = [
        {"Environment": "STEPLESS"},
        {"Environment": "HOME"},
        {"Environment": "CERTLOOM_OF_THE_SERVER"},
        {"File": str(outside)},
        {"File": f"{folder}/../outside"},
        {"File": str(folder / "link")},
        {"File": str(folder)},
        {"File": str(folder / "long")},
        {"File": str(folder / "empty")},
        {"File": "/proc/self/environ"},
        {"File": str(data_folder / "key")},
        {"File": "x" * 5000},
        {"Provider": 1, "Parameters": {"Folder": "a", "Object": "b"}},
    ]
    drafts = [call(one, f"Call{number}") for number, one in enumerate(sent)]
    allowing: dict[str, Any] = {"secret_folder": str(folder), "secret_environment_prefix": "STEP_"}
    for allowed in ({}, allowing):
        async with world_of(data_folder, **allowed) as world:
            world.register(Call())
            await save(world, *drafts)
            with pytest.raises(DefinitionUnpublishable) as refused:
                await publish(world)
            found = [(fault.step, fault.rule) for fault in refused.value.faults]
            assert found == [(draft.unique_name, "secret-unusable") for draft in drafts]
            assert CANARY not in refused.value.message


async def test_secrets_survive_a_restart_of_the_server(data_folder: Path) -> None:
    async with world_of(data_folder) as world:
        world.register(Call())
        await save(world, call(CANARY))
        await publish(world)
    async with world_of(data_folder) as world:
        called = Call()
        world.register(called)
        assert await run(world, called) == CANARY


async def test_a_definition_that_is_created_with_its_steps_seals_their_secrets(world: World, called: Call) -> None:
    made = await create_definition(
        world.services,
        ROOT,
        display_name="Whole",
        description="",
        workflow_type="Revocation",
        keys=["WebServer"],
        drafts=linear(call(CANARY)),
    )
    assert shown(made) is None
    assert await world.rows("secret") == 1
    await publish_definition(world.services, ROOT, UUID(made.row.id))
    (steps,) = await world.services.database.fetch_all(
        "SELECT steps FROM definition_version WHERE definition_id = ?", made.row.id
    )
    assert CANARY not in steps[0]
    assert called.opened == []


class Echo(Call):
    """Hands back what it was given, as a service that answers with the request does."""

    extension_name = "Echo"

    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.fails = fails

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        secret = await context.secret(context.view.parameters["client_secret"])
        if self.fails:
            return Fail(f"the service refused {secret}")
        return Continue(
            {"Answer": {"headers": [f"Bearer {secret}", 1, None], f"{secret}": "x"}}, messages=(f"<{secret}>",)
        )


@pytest.mark.parametrize("fails", [False, True])
async def test_b09_a_secret_that_comes_back_in_an_answer_is_covered_before_it_is_recorded(
    world: World, data_folder: Path, *, fails: bool
) -> None:
    world.register(Echo(fails=fails))
    await save(world, call(CANARY, extension="Echo"))
    await publish(world)
    if fails:
        with pytest.raises(EnrollmentFailed, match=r"the service refused \(secret\)"):
            await world.enroll()
    else:
        answer = (await world.enroll()).instance.data["Answer"]
        assert answer == {"headers": ["Bearer (secret)", 1, None], "(secret)": "x"}
    assert CANARY.encode() not in everything(data_folder)


class Sender(Call):
    """Sends its secret to the server it names."""

    extension_name = "Sender"
    display_name = "Sender"
    parameters = (msgspec.structs.replace(SECRET, sent_to=("URL",)), Parameter(name="URL", display_name="URL"))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://api.example/v1",
        "https://api.example:8443/v1",
        "https://api.example.evil.example/v1",
        "https://api.example@evil.example/v1",
        "https://api.example$(x)/v1",
        "https://api.example\\.evil.example/v1",
        "https://$(host)/v1",
        "$(address)",
        "",
    ],
)
async def test_b09_a_secret_is_not_kept_where_its_step_leads_to_another_server(world: World, url: str) -> None:
    sender = Sender()
    world.register(sender)
    await save(world, call(CANARY, extension="Sender", URL="https://api.example/v1"))
    await publish(world)
    with pytest.raises(DefinitionInvalid) as refused:
        await save(world, call(None, extension="Sender", URL=url), call(None, "Other", "Nothing"))
    assert [(fault.step, fault.field, fault.rule) for fault in refused.value.faults] == [
        ("Call1", "ConfigurationParameters.client_secret", "secret-redirected")
    ]
    assert CANARY not in refused.value.message
    assert await run(world, sender) == CANARY
    await save(world, call("another one", extension="Sender", URL=url))
    await publish(world)
    assert await run(world, sender) == "another one"


async def test_a_secret_is_kept_where_its_step_asks_the_same_server_for_something_else(world: World) -> None:
    sender = Sender()
    world.register(sender)
    await save(world, call(CANARY, extension="Sender", URL="https://api.example/v1"))
    for url in ("HTTPS://API.example/v2?x=$(cn)", " https://api.example", "https://api.example/$(cn)#here"):
        await save(world, call(None, extension="Sender", url=url))
    await publish(world)
    assert await run(world, sender) == CANARY


async def test_a_step_without_a_secret_may_lead_anywhere(world: World) -> None:
    sender = Sender()
    world.register(sender)
    await save(world, call(None, extension="Sender", URL="https://api.example/v1"))
    await save(world, call(None, extension="Sender", URL="https://other.example/v1"))
    await save(world, call("", extension="Sender", URL="https://third.example/v1"))
    assert await world.rows("secret") == 0
