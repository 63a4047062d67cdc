from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from certloom.steps.enroll import EnrollStep
from certloom.steps.noop import NoopStep
from certloom.steps.require_approval import RequireApproval
from certloom.steps.revoke import RevokeStep
from certloom.workflow.definition import SignalConfiguration, Step
from certloom.workflow.fault import Fault
from certloom.workflow.faults import open_points, structural_faults, warnings
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import DataType, Parameter
from certloom.workflow.step import PureStep, StepType, StepView


class Rewrite(PureStep):
    extension_name = "Rewrite"
    display_name = "Rewrite"
    changes_request = True
    parameters = (
        Parameter(name="Target", display_name="Target", required=True),
        Parameter(name="Times", display_name="Times", data_type=DataType.INTEGER),
    )

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue()


TYPES: Mapping[str, StepType] = {
    one.extension_name: one for one in (NoopStep(), RequireApproval(), EnrollStep(), RevokeStep(), Rewrite())
}
ROLE = (SignalConfiguration("ApprovalStatus", (7,)),)


def step(name: str, extension: str, following: str = "", **fields: Any) -> Step:
    outputs = {"continue": following} if following else {}
    made = Step(id=name, unique_name=name, display_name=name, extension_name=extension, outputs=outputs)
    return msgspec.structs.replace(made, **fields)


START, ENROLL, END = step("S", "NOOPStep", "Enroll"), step("Enroll", "EnrollStep", "E"), step("E", "NOOPStep")
APPROVAL = step("Approve", "RequireApproval", "Enroll", parameters={"MinimumApprovals": 2}, signals=ROLE)
WITH_APPROVAL = (msgspec.structs.replace(START, outputs={"continue": "Approve"}), APPROVAL, ENROLL, END)


def places(*steps: Step) -> list[tuple[str, str]]:
    return [(fault.step, fault.field) for fault in structural_faults(steps, "Enrollment", TYPES)]


def approving(**fields: Any) -> tuple[Step, ...]:
    start, approval, *rest = WITH_APPROVAL
    return (start, msgspec.structs.replace(approval, **fields), *rest)


def test_a_sound_definition_has_neither_faults_nor_open_points_nor_warnings() -> None:
    assert structural_faults(WITH_APPROVAL, "Enrollment", TYPES) == ()
    assert open_points(WITH_APPROVAL, TYPES, frozenset({7})) == ()
    assert warnings(WITH_APPROVAL, TYPES) == ()


def test_the_order_of_steps_does_not_matter() -> None:
    assert structural_faults(WITH_APPROVAL[::-1], "Enrollment", TYPES) == ()


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ((), ("", "Steps")),
        ((step(" ", "NOOPStep", "E"), END), (" ", "UniqueName")),
        ((step("a", "NOOPStep", "A"), step("A", "NOOPStep")), ("a", "UniqueName")),
        ((step("a.b", "NOOPStep", "E"), END), ("a.b", "UniqueName")),
        ((step("S", "NOOPStep", "X"), END), ("S", "Outputs.continue")),
        ((START, step("S2", "NOOPStep", "Enroll"), ENROLL, END), ("", "Steps")),
        ((step("S", "NOOPStep", "S"),), ("S", "Outputs")),
        ((step("S", "NOOPStep", "T"), step("T", "NOOPStep", "S")), ("T", "Outputs")),
        ((START, ENROLL, END, step("L", "NOOPStep", "L")), ("L", "Outputs")),
        ((START, step("Enroll", "RevokeStep", "E"), END), ("Enroll", "ExtensionName")),
        ((START, msgspec.structs.replace(ENROLL, conditions=("True",)), END), ("Enroll", "Conditions")),
        ((START, msgspec.structs.replace(ENROLL, outputs={"other": "E"}), END), ("Enroll", "Outputs.other")),
        (approving(signals=(SignalConfiguration("Other", (7,)),)), ("Approve", "Signals")),
        (approving(parameters={"Unknown": 1}), ("Approve", "ConfigurationParameters.Unknown")),
        (approving(parameters={"MinimumApprovals": "many"}), ("Approve", "ConfigurationParameters.MinimumApprovals")),
        (approving(parameters={"MinimumApprovals": 0}), ("Approve", "ConfigurationParameters.MinimumApprovals")),
        (
            approving(parameters={"MinimumApprovals": 1, "minimumapprovals": 0}),
            ("Approve", "ConfigurationParameters.MinimumApprovals"),
        ),
        (
            (START, msgspec.structs.replace(ENROLL, outputs={"continue": "Two"}), step("Two", "EnrollStep", "E"), END),
            ("Two", "ExtensionName"),
        ),
    ],
)
def test_every_kind_of_fault_is_found_with_its_place(steps: tuple[Step, ...], place: tuple[str, str]) -> None:
    assert place in places(*steps)


def test_the_step_everything_leads_to_cannot_be_switched_off() -> None:
    off = msgspec.structs.replace(ENROLL, enabled=False)
    assert places(START, off, END) == [("Enroll", "Enabled")]
    assert places(START, ENROLL, msgspec.structs.replace(END, enabled=False)) == []


def test_all_faults_are_told_at_once() -> None:
    broken = (
        step("S", "NOOPStep", "Nowhere", conditions=("True",), parameters={"x": 1}),
        step("A", "RequireApproval", "A.B", parameters={"MinimumApprovals": 0}),
        step("a", "EnrollStep", "E", conditions=("True",)),
        step("E", "RevokeStep"),
    )
    assert {
        ("S", "Outputs.continue"),
        ("S", "ConfigurationParameters.x"),
        ("A", "UniqueName"),
        ("A", "Outputs.continue"),
        ("A", "ConfigurationParameters.MinimumApprovals"),
        ("a", "UniqueName"),
        ("a", "Conditions"),
        ("E", "ExtensionName"),
    } <= set(places(*broken))


def test_an_unknown_step_type_may_be_saved_but_not_published() -> None:
    steps = (START, msgspec.structs.replace(ENROLL, extension_name="Later"), END)
    assert structural_faults(steps, "Enrollment", TYPES) == ()
    (point,) = open_points(steps, TYPES, frozenset())
    assert (point.step, point.field) == ("Enroll", "ExtensionName")
    assert "'Later'" in point.text


def test_every_open_point_is_told_with_its_place() -> None:
    steps = (
        step("R", "Rewrite", "R2", parameters={"Target": ""}),
        step("R2", "Rewrite", "A1", parameters={"target": None}),
        step("A1", "RequireApproval", "A2"),
        step("A2", "RequireApproval", "E", signals=(SignalConfiguration("approvalstatus", (7, 9, 8)),)),
        END,
    )
    assert [(point.step, point.field) for point in open_points(steps, TYPES, frozenset({7}))] == [
        ("R", "ConfigurationParameters.Target"),
        ("R2", "ConfigurationParameters.Target"),
        ("A1", "Signals.RoleIds"),
        ("A2", "Signals.RoleIds"),
        ("A2", "Signals.RoleIds"),
    ]


def test_a_required_parameter_with_a_default_is_no_open_point() -> None:
    assert open_points(approving(parameters={}), TYPES, frozenset({7})) == ()


def test_a09_a_step_that_can_change_the_request_after_its_approval_is_warned_about() -> None:
    rewrite = step("R", "Rewrite", "Enroll", parameters={"Target": "Subject"})
    after = (WITH_APPROVAL[0], msgspec.structs.replace(APPROVAL, outputs={"continue": "R"}), rewrite, ENROLL, END)
    (warning,) = warnings(after, TYPES)
    assert (warning.step, warning.field) == ("R", "ExtensionName")
    assert "Approve" in warning.text
    before = (msgspec.structs.replace(rewrite, outputs={"continue": "Approve"}), *WITH_APPROVAL[1:])
    assert warnings(before, TYPES) == ()


def test_a_fault_reads_as_place_and_text() -> None:
    assert str(Fault("A", "Signals", "rule", "is wrong")) == "step A, Signals: is wrong"
    assert str(Fault("", "Steps", "rule", "are missing")) == "Steps: are missing"
