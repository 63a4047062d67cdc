from dataclasses import replace

import pytest
from tests.steps.conftest import FakeContext, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.errors import Invalid
from certloom.steps.update_metadata import CertificateNotIssued, UpdateMetadata
from certloom.workflow.fact import MetadataNoted
from certloom.workflow.outcome import Continue

STEP = UpdateMetadata()


def context(issuing: EmbeddedAuthority, data: dict[str, object], **parameters: object) -> FakeContext:
    return replace(FakeContext(view(data), issuing), view=view(data, parameters=parameters))


@pytest.mark.parametrize("key", ["CertificateId", "KeyfactorId"])
async def test_what_is_noted_is_fixed_before_it_is_noted(issuing: EmbeddedAuthority, key: str) -> None:
    asked = context(issuing, {key: 7, "Metadata": {"team": "old", "Cost": "1"}}, Name="team", Value="shop")
    prepared = await STEP.prepare(asked)
    assert prepared.intent == {"certificate_id": 7, "name": "Team", "value": "shop"}
    for _ in range(2):
        assert await STEP.perform(asked, prepared.intent) == Continue(
            {"Metadata": {"Cost": "1", "Team": "shop"}}, (MetadataNoted(certificate_id=7, name="Team", value="shop"),)
        )


async def test_an_empty_value_removes_what_was_noted(issuing: EmbeddedAuthority) -> None:
    asked = context(issuing, {"CertificateId": 7, "Metadata": {"Team": "old"}}, Name="Team", Value="")
    outcome = await STEP.perform(asked, (await STEP.prepare(asked)).intent)
    assert outcome == Continue({"Metadata": {}}, (MetadataNoted(certificate_id=7, name="Team", value=""),))


async def test_without_a_certificate_nothing_can_be_noted(issuing: EmbeddedAuthority) -> None:
    with pytest.raises(CertificateNotIssued, match="after EnrollStep"):
        await STEP.prepare(context(issuing, {}, Name="Team", Value="shop"))
    with pytest.raises(Invalid, match="no such certificate"):
        await STEP.prepare(context(issuing, {"CertificateId": 8}, Name="Team", Value="shop"))
