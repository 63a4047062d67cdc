import json
import re
from typing import Any
from uuid import UUID

import pytest
from tests.operations.conftest import ROOT, World, linear, step
from typing_extensions import override

from certloom.app import WORKFLOW_TYPES
from certloom.operations.access import PermissionMissing
from certloom.operations.certificates import revoke_certificates
from certloom.operations.context import CertificateNotFound
from certloom.operations.definition_steps import StepDraft
from certloom.operations.definition_versions import DefinitionInvalid, save_steps
from certloom.operations.definitions import create_definition, definition_view, update_definition
from certloom.operations.expiration_alerts import create_expiration_alert, expiration_alerts
from certloom.operations.expirations import start_expiration
from certloom.operations.publishing import publish_definition
from certloom.operations.triggers import DefinitionDisabled, DefinitionMissing
from certloom.store.certificates import CertificateRow
from certloom.workflow.instance import Instance, Status
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import Parameter
from certloom.workflow.step import PureStep, StepView

TOKENS = ("cn", "dn", "expdate", "issuancedate", "thumbprint", "certid", "alertId", "Template", "CA", "metadata:Team")


class Repeat(PureStep):
    """Puts what its parameter became into the data."""

    extension_name = "Repeat"
    display_name = "Repeat"
    parameters = (Parameter(name="Text", display_name="Text", tokens=True),)

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue({"Said": view.parameters["Text"]})


async def issued(world: World, **fields: Any) -> CertificateRow:
    await world.publish(step("EnrollStep"))
    certificate = (await world.enroll(**fields)).certificate
    assert certificate is not None
    return certificate


async def cover(world: World, *drafts: StepDraft, key: str = "2") -> UUID:
    if not await expiration_alerts(world.services, ROOT):
        for days in (90, 60):
            await create_expiration_alert(world.services, ROOT, f"{days} days", days)
    made = await create_definition(
        world.services, ROOT, display_name="60 days", description="", workflow_type="Expiration", keys=[key]
    )
    definition = UUID(made.row.id)
    await save_steps(world.services, ROOT, definition, linear(*drafts))
    await publish_definition(world.services, ROOT, definition)
    return definition


async def start(world: World, row: CertificateRow, alert: int = 2) -> Instance:
    instance_id = await start_expiration(world.services, ROOT, row.id, alert)
    await world.services.settle(instance_id, 10)
    return await world.instance(instance_id)


async def test_an_expiration_goes_through_the_steps_of_its_alert(world: World) -> None:
    row = await issued(world)
    await cover(world)
    ended = await start(world, row)
    assert (ended.status, ended.definition.workflow_type) == (Status.COMPLETE, "Expiration")
    assert ended.title == "system:test is handling the expiration of certificate with CN=web01.corp.example."


async def test_every_documented_token_of_an_expiration_stands_for_something(world: World) -> None:
    row = await issued(world, metadata={"Team": "shop"})
    world.register(Repeat())
    await cover(world, step("Repeat", parameters={"Text": "|".join(f"$({name})" for name in TOKENS)}))
    said = dict(zip(TOKENS, (await start(world, row)).data["Said"].split("|"), strict=True))
    assert said == {
        "cn": "web01.corp.example",
        "dn": row.issued_dn,
        "expdate": row.not_after,
        "issuancedate": row.not_before,
        "thumbprint": row.thumbprint,
        "certid": str(row.id),
        "alertId": "2",
        "Template": "WebServer",
        "CA": "certloom\\certloom Issuing CA",
        "metadata:Team": "shop",
    }


async def test_the_comments_of_an_approval_are_a_token_with_json(world: World) -> None:
    row = await issued(world)
    world.register(Repeat())
    await cover(world, world.approval(), step("Repeat", parameters={"Text": "$(approvalsignalcmnts)"}))
    waiting = await start(world, row)
    ended = await world.vote("bob", waiting, {"Approved": "True", "Comment": 'fine, "really"'})
    (comment,) = json.loads(ended.data["Said"])
    assert (comment["User"], comment["Approved"], comment["Comment"]) == ("CORP\\bob", True, 'fine, "really"')
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", comment["Time"])


async def test_without_a_published_definition_nothing_is_started(world: World) -> None:
    row = await issued(world)
    before = await world.rows("instance")
    with pytest.raises(DefinitionMissing, match="key 2"):
        await start_expiration(world.services, ROOT, row.id, 2)
    definition = await cover(world)
    await update_definition(world.services, ROOT, definition, display_name="60 days", description="", enabled=False)
    with pytest.raises(DefinitionDisabled):
        await start_expiration(world.services, ROOT, row.id, 2)
    with pytest.raises(CertificateNotFound):
        await start_expiration(world.services, ROOT, 4711, 2)
    with pytest.raises(PermissionMissing):
        await start_expiration(world.services, await world.actor("alice"), row.id, 2)
    assert await world.rows("instance") == before


@pytest.mark.parametrize("key", ["", "0", "-1", "1.5", "WebServer", "9" * 5000, "٢"])
async def test_the_key_of_an_expiration_is_the_id_or_name_of_an_alert(world: World, key: str) -> None:
    with pytest.raises(DefinitionInvalid, match="is not the id or name of an expiration alert"):
        await cover(world, key=key)


async def test_the_key_of_an_expiration_is_not_named_after_the_template_of_that_id(world: World) -> None:
    definition = await cover(world, key=" 90 Days ")
    assert (await definition_view(world.services, ROOT, definition)).keys == (("1", "90 days"),)


async def test_the_data_of_every_type_begins_with_exactly_the_declared_keys(world: World) -> None:
    row = await issued(world)
    await cover(world)
    await revoke_certificates(world.services, ROOT, [row.id], 4, "replaced")
    await start(world, row)
    found = await world.services.database.fetch_all("SELECT workflow_type, initial_data FROM instance")
    begun = {workflow_type: set(json.loads(data)) for workflow_type, data in found}
    declared = {
        one.name: {key.name for key in one.data_keys if key.added_by == "start" and not key.when}
        for one in WORKFLOW_TYPES
    }
    assert begun == declared


async def test_the_data_a_step_adds_is_declared(world: World) -> None:
    row = await issued(world)
    await revoke_certificates(world.services, ROOT, [row.id], 4, "replaced")
    found = await world.services.database.fetch_all("SELECT workflow_type, data FROM instance")
    by_type = {one.name: {key.name for key in one.data_keys} for one in WORKFLOW_TYPES}
    assert {name: set(json.loads(data)) - by_type[name] for name, data in found} == {
        "Enrollment": set(),
        "Revocation": set(),
    }
