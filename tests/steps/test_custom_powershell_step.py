import msgspec
import pytest
from tests.steps.conftest import FakeContext, view

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.errors import Invalid
from certloom.steps.custom_powershell import CustomPowerShellStep
from certloom.workflow.outcome import Continue
from certloom.workflow.step import Retries

STEP = CustomPowerShellStep()


def context(issuing: EmbeddedAuthority, name: str = "Tag") -> FakeContext:
    parameters = {"ScriptName": name, "ScriptParameters": {"Ticket": "REQ-1"}}
    return FakeContext(view({}, parameters=parameters), issuing)


async def test_the_script_its_sha256_and_its_parameters_are_fixed_before_it_runs(issuing: EmbeddedAuthority) -> None:
    prepared = await STEP.prepare(context(issuing))
    assert prepared.intent == {"script": "Tag", "sha256": "a" * 64, "parameters": {"Ticket": "REQ-1"}}
    assert msgspec.json.decode(msgspec.json.encode(prepared.intent)) == prepared.intent


async def test_what_is_run_is_what_was_recorded_whatever_the_parameters_are_now(issuing: EmbeddedAuthority) -> None:
    intent = {"script": "Tag", "sha256": "a" * 64, "parameters": {"Ticket": "REQ-0"}}
    outcome = await STEP.perform(context(issuing), intent)
    assert outcome == Continue({"Ticket": "REQ-0"}, messages=("host: tagged",))


async def test_a_script_that_cannot_be_run_is_told_before_anything_is_recorded(issuing: EmbeddedAuthority) -> None:
    with pytest.raises(Invalid, match="no script Other"):
        await STEP.prepare(context(issuing, "Other"))


def test_an_interrupted_library_script_is_never_run_again_by_itself() -> None:
    assert STEP.retries is Retries.MANUAL
    assert STEP.changes_request
