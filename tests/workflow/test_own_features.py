from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from certloom.steps.noop import NoopStep
from certloom.steps.require_approval import RequireApproval
from certloom.workflow.definition import Step
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.own_features import own_features, without_own_defaults
from certloom.workflow.step import PureStep, StepType, StepView


class Ours(PureStep):
    extension_name = "Ours"
    display_name = "Ours"
    ours = True

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue()


TYPES: Mapping[str, StepType] = {one.extension_name: one for one in (NoopStep(), RequireApproval(), Ours())}


def step(**fields: Any) -> Step:
    made = Step(id="1", unique_name="S", display_name="S", extension_name="RequireApproval")
    return msgspec.structs.replace(made, **fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"extension_name": "Ours"}, "ExtensionName"),
        ({"conditions": ("$(A)", "cel: data.Count > 3")}, "Conditions"),
        ({"outputs": {"continue": "T", "otherwise": "U"}}, "Outputs.otherwise"),
        ({"parameters": {"allowselfapproval": "True"}}, "ConfigurationParameters.AllowSelfApproval"),
    ],
)
def test_what_the_product_could_not_read_is_told_with_its_place(fields: dict[str, Any], field: str) -> None:
    (found,) = own_features((step(), step(**fields)), TYPES)
    assert (found.step, found.field) == ("S", field)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"extension_name": "CorpTicket", "parameters": {"AllowSelfApproval": "True"}},
        {"conditions": ("True", "$(Go)")},
        {"outputs": {"continue": "T"}},
        {"parameters": {"MinimumApprovals": 3, "AllowSelfApproval": False}},
    ],
)
def test_what_the_product_has_and_what_nobody_knows_may_leave(fields: dict[str, Any]) -> None:
    assert own_features((step(**fields),), TYPES) == ()


def test_our_parameters_are_left_out_where_they_are_the_default_and_only_there() -> None:
    declared = RequireApproval.parameters
    for value in ("False", "false", False, None):
        assert without_own_defaults(declared, {"MinimumApprovals": "1", "allowSelfApproval": value}) == {
            "MinimumApprovals": "1"
        }
    assert without_own_defaults(declared, {"AllowSelfApproval": True, "Other": 1}) == {
        "AllowSelfApproval": True,
        "Other": 1,
    }
