from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, linear, step
from typing_extensions import override

from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.definitions import create_definition, enable_definition, update_definition
from certloom.operations.expiration_alerts import create_expiration_alert
from certloom.operations.immediate_starts import InstancesWouldStart
from certloom.operations.publishing import publish_definition
from certloom.store.database import Database
from certloom.workflow.workflow_type import WorkflowType


class Leaving(WorkflowType):
    """Certificates on their way out, queued by alert."""

    name = "Leaving"
    key_type = "ExpirationAlert"
    has_global_definition = False
    closing_step = None
    data_keys = ()

    @override
    def title(self, initiator: str, data: Mapping[str, Any]) -> str:
        return "A certificate leaves."

    @override
    def request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}


class Queue:
    """What waits, by key."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] = {}

    async def __call__(self, database: Database, key: str) -> int:  # noqa: ARG002 - what waits is said by the test
        return self.waiting.get(key, 0)


@pytest.fixture
async def queue(world: World) -> Queue:
    """Seven items wait for the first alert and two for the second."""
    queue = Queue()
    world.services.workflow_types = {**world.services.workflow_types, "Leaving": Leaving()}
    world.services.waiting = {"Leaving": queue}
    first = await create_expiration_alert(world.services, ROOT, "30 days", 30)
    second = await create_expiration_alert(world.services, ROOT, "60 days", 60)
    queue.waiting = {str(first.id): 7, str(second.id): 2}
    return queue


async def leaving(world: World, *keys: str, enabled: bool = True) -> UUID:
    view = await create_definition(
        world.services,
        ROOT,
        display_name="Leaving",
        description="",
        workflow_type="leaving",
        keys=keys,
        enabled=enabled,
    )
    await save_steps(world.services, ROOT, UUID(view.row.id), linear(step("NOOPStep", "Middle")))
    return UUID(view.row.id)


async def update(world: World, definition: UUID, **fields: Any) -> None:
    await update_definition(world.services, ROOT, definition, display_name="Leaving", description="", **fields)


@pytest.mark.usefixtures("queue")
async def test_k04_what_waits_starts_only_with_force(world: World) -> None:
    definition = await leaving(world, "30 Days")
    with pytest.raises(InstancesWouldStart, match="7 items wait for Leaving") as refused:
        await publish_definition(world.services, ROOT, definition)
    assert "force=true" in refused.value.message
    view = await publish_definition(world.services, ROOT, definition, force=True)
    assert view.row.published_version == 1
    assert "7 instances start at once" in (await world.audited("publish definition"))[-1].message


@pytest.mark.usefixtures("queue")
async def test_k04_switching_on_is_guarded_and_switching_off_is_not(world: World) -> None:
    definition = await leaving(world, "30 days", enabled=False)
    assert (await publish_definition(world.services, ROOT, definition)).row.published_version == 1
    with pytest.raises(InstancesWouldStart, match="7 instances at once"):
        await enable_definition(world.services, ROOT, definition, enabled=True)
    with pytest.raises(InstancesWouldStart):
        await update(world, definition, enabled=True)
    await enable_definition(world.services, ROOT, definition, enabled=True, force=True)
    await enable_definition(world.services, ROOT, definition, enabled=False)


async def test_k04_only_keys_that_are_new_count(world: World, queue: Queue) -> None:
    definition = await leaving(world, "30 days")
    await publish_definition(world.services, ROOT, definition, force=True)
    await update(world, definition, keys=["30 days"])
    with pytest.raises(InstancesWouldStart, match="2 items wait"):
        await update(world, definition, keys=["30 days", "60 days"])
    await update(world, definition, keys=[])
    with pytest.raises(InstancesWouldStart, match="9 items wait"):
        await update(world, definition, keys=["30 days", "60 days"])
    queue.waiting.clear()
    await update(world, definition, keys=["30 days", "60 days"])


@pytest.mark.usefixtures("queue")
async def test_k04_a_draft_starts_nothing_and_needs_no_force(world: World) -> None:
    definition = await leaving(world)
    await update(world, definition, keys=["30 days"], enabled=True)
    await enable_definition(world.services, ROOT, definition, enabled=True)


@pytest.mark.parametrize(
    ("workflow_type", "key", "told"),
    [
        ("Leaving", "webserver", "the id or name of an expiration alert"),
        ("Revocation", "30 days", "the id or name of a template"),
        ("Revocation", "web server", "Other|WebServer"),
    ],
)
@pytest.mark.usefixtures("queue")
async def test_a_key_of_another_kind_and_a_name_that_two_things_have_are_refused(
    world: World, workflow_type: str, key: str, told: str
) -> None:
    await world.apply_template(name="Other", display_name="Web Server")
    with pytest.raises(DefinitionInvalid, match=told):
        await create_definition(
            world.services, ROOT, display_name="x", description="", workflow_type=workflow_type, keys=[key]
        )


@pytest.mark.usefixtures("queue")
async def test_a_key_is_kept_once_by_its_id_whatever_names_it(world: World) -> None:
    view = await create_definition(
        world.services,
        ROOT,
        display_name="x",
        description="",
        workflow_type="Leaving",
        keys=["1", "60 DAYS", "30 days"],
    )
    assert view.keys == (("1", "30 days"), ("2", "60 days"))
