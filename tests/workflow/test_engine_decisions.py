from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.definition import Definition, Step
from certloom.workflow.engine import Ask, Finish, Resume, Run, Skip, Stand, completed, decide, events_of
from certloom.workflow.event import (
    InstanceRejected,
    InstanceStarted,
    StepCompleted,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepSuspended,
)
from certloom.workflow.instance import Cursor, DefinitionPin, Instance, Phase, Status
from certloom.workflow.journal import apply
from certloom.workflow.outcome import Continue, Fail, Outcome, Reject, Retry, Suspend
from certloom.workflow.step import StepView

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONDITIONS = {"True": True, "false": False, "$(yes)": True, "$(no)": False, "$(absent)": False, "$(list)": False}
DATA = {"yes": True, "no": "False", "list": ["True"]}


def definition(*steps: Step) -> Definition:
    return Definition(id="d", version=1, workflow_type="Enrollment", display_name="D", steps=steps)


def step(name: str, following: str | None = None, **fields: object) -> Step:
    outputs = {"continue": following} if following else {}
    whole = {"id": name, "unique_name": name, "display_name": name, "extension_name": "X", "outputs": outputs}
    return msgspec.convert(whole | fields, Step)


def instance_on(plan: Definition) -> Instance:
    pin = DefinitionPin(plan.id, plan.display_name, plan.version, plan.workflow_type)
    start = InstanceStarted(at=NOW, id="i", definition=pin, title="", initiator_id=1, initiator="a", data=DATA)
    return apply(None, start)


@st.composite
def linear_definitions(draw: st.DrawFn) -> Definition:
    """Up to eight steps in a row, stored in any order, some disabled, some with conditions."""
    names = [f"S{number}" for number in range(draw(st.integers(1, 8)))]
    conditions = st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=2).map(tuple)
    chain = [
        step(name, following, enabled=draw(st.booleans()), conditions=draw(conditions))
        for name, following in zip(names, [*names[1:], None], strict=True)
    ]
    return definition(*draw(st.permutations(chain)))


@given(linear_definitions())
def test_every_step_is_visited_once_in_order_and_then_it_ends(plan: Definition) -> None:
    instance, visited, run = instance_on(plan), [], []
    for _ in range(len(plan.steps) + 1):
        match decide(instance, plan):
            case Run(reached, attempt):
                assert attempt == 1
                visited.append(reached.unique_name)
                run.append(reached.unique_name)
                instance = apply(instance, StepCompleted(at=NOW, step=reached.unique_name))
            case Skip(reached, condition):
                visited.append(reached.unique_name)
                instance = apply(instance, StepSkipped(at=NOW, step=reached.unique_name, condition=condition))
            case Finish():
                break
    assert visited == sorted(one.unique_name for one in plan.steps)
    wanted = {one.unique_name for one in plan.steps if one.enabled and all(CONDITIONS[c] for c in one.conditions)}
    assert set(run) == wanted
    assert decide(instance, plan) == Finish()
    assert decide(apply(instance, completed(NOW)), plan) == Stand()


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.RUNNING])
def test_an_instance_that_does_not_run_stands(status: Status) -> None:
    plan = definition(step("A"))
    assert decide(msgspec.structs.replace(instance_on(plan), status=status), plan) == Stand()


def test_a_skip_says_why() -> None:
    disabled = definition(step("A", enabled=False))
    assert decide(instance_on(disabled), disabled) == Skip(disabled.steps[0], "the step is disabled")
    conditional = definition(step("A", conditions=("True", "$(no)", "$(absent)")))
    assert decide(instance_on(conditional), conditional) == Skip(conditional.steps[0], "$(no)")


def test_conditions_are_read_when_the_step_is_reached_and_see_earlier_values() -> None:
    plan = definition(step("A", "B"), step("B", conditions=("$(made)",)))
    after = apply(instance_on(plan), StepCompleted(at=NOW, step="A", values={"made": "true"}))
    assert decide(after, plan) == Run(plan.step("B"), 1)


def test_a_step_found_started_is_resumed_with_its_cursor() -> None:
    plan = definition(step("A"))
    cursor = Cursor("A", Phase.STARTED, 1, "key", {"serial": "1"})
    found = msgspec.structs.replace(instance_on(plan), cursor=cursor)
    assert decide(found, plan) == Resume(plan.steps[0], cursor)


def test_a_sleeping_step_stands_and_a_woken_one_runs_as_the_next_attempt() -> None:
    plan = definition(step("A"))
    asleep = msgspec.structs.replace(instance_on(plan), cursor=Cursor("A", Phase.ASLEEP, 2))
    assert decide(asleep, plan) == Stand()
    woken = msgspec.structs.replace(asleep, cursor=Cursor("A", Phase.WOKEN, 2))
    assert decide(woken, plan) == Run(plan.steps[0], 3)


def test_a_named_output_leads_to_its_own_step() -> None:
    plan = definition(step("A", outputs={"continue": "B", "else": "C"}), step("B", "C"), step("C"))
    taken = apply(instance_on(plan), StepCompleted(at=NOW, step="A", output="else"))
    assert decide(taken, plan) == Run(plan.step("C"), 1)


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        (Continue({"a": 1}, (), "else"), StepCompleted(at=NOW, step="A", output="else", values={"a": 1})),
        (
            Suspend(("A.S",), "waits", NOW),
            StepSuspended(
                at=NOW,
                step="A",
                signals=("A.S",),
                message="waits",
                wake_at=NOW,
                binding={"CSR": "h"},
                roles={"A.S": (7,)},
            ),
        ),
        (
            Retry(timedelta(seconds=5), "busy"),
            StepRetryScheduled(at=NOW, step="A", attempt=3, wake_at=NOW + timedelta(seconds=5), failure="busy"),
        ),
        (Reject("bob", "no"), InstanceRejected(at=NOW, actor="bob", reason="no", step="A")),
        (Fail("broken"), StepFailed(at=NOW, step="A", message="broken")),
    ],
)
def test_every_outcome_becomes_its_event(outcome: Outcome, event: object) -> None:
    view = StepView(
        instance=instance_on(definition(step("A"))),
        step="A",
        parameters={},
        votes=(),
        roles=(),
        request={"CSR": "h"},
        now=NOW,
        signal_roles={"A.S": (7,)},
    )
    assert events_of(outcome, step("A"), 3, NOW, view) == event


def test_a_definition_finds_its_steps_and_its_beginning() -> None:
    plan = definition(step("B"), step("A", "B"))
    assert plan.entry.unique_name == "A"
    with pytest.raises(KeyError):
        plan.step("a")


def test_an_expression_is_asked_for_once_it_matters_and_its_answer_decides() -> None:
    asked = definition(step("A", conditions=("True", "cel: data.x", "cel: data.y")))
    instance, first = instance_on(asked), asked.steps[0]
    assert decide(instance, asked) == Ask(first, "cel: data.x")
    assert decide(instance, asked, {"cel: data.x": True}) == Ask(first, "cel: data.y")
    assert decide(instance, asked, {"cel: data.x": False}) == Skip(first, "cel: data.x")
    assert decide(instance, asked, {"cel: data.x": True, "cel: data.y": True}) == Run(first, 1)


def test_no_expression_is_asked_for_where_another_condition_decides() -> None:
    decided = definition(step("A", conditions=("False", "cel: data.x")))
    assert decide(instance_on(decided), decided) == Skip(decided.steps[0], "False")
    disabled = definition(step("A", enabled=False, conditions=("cel: data.x",)))
    assert decide(instance_on(disabled), disabled) == Skip(disabled.steps[0], "the step is disabled")
