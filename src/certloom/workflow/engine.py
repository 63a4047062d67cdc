"""The engine: from data alone to what comes next, and from an outcome to events. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

import msgspec

from certloom.workflow.condition import first_untrue, is_expression
from certloom.workflow.definition import Definition, Step
from certloom.workflow.event import (
    Event,
    InstanceCompleted,
    InstanceRejected,
    StepCompleted,
    StepFailed,
    StepRetryScheduled,
    StepSuspended,
)
from certloom.workflow.instance import Cursor, Instance, Phase, Status
from certloom.workflow.outcome import Continue, Fail, Outcome, Reject, Retry, Suspend
from certloom.workflow.step import StepView

__all__ = ["Ask", "Finish", "Next", "Resume", "Run", "Skip", "Stand", "decide", "events_of"]


class Run(msgspec.Struct, frozen=True):
    """Run this step. ``attempt`` counts from 1."""

    step: Step
    attempt: int


class Resume(msgspec.Struct, frozen=True):
    """Perform this step again with the recorded intent and key.

    It was started and its end is unknown, or it said that it shall be tried again.
    """

    step: Step
    cursor: Cursor


class Skip(msgspec.Struct, frozen=True):
    """Pass this step by: it is disabled, or this condition is not true."""

    step: Step
    condition: str


class Ask(msgspec.Struct, frozen=True):
    """Whether to run this step depends on an expression: find out what it yields, and decide again with the answer."""

    step: Step
    condition: str


class Finish(msgspec.Struct, frozen=True):
    """No step is left."""


class Stand(msgspec.Struct, frozen=True):
    """Nothing can go on now: the instance waits, sleeps or has ended."""


Next = Run | Ask | Resume | Skip | Finish | Stand


def decide(instance: Instance, definition: Definition, answers: Mapping[str, bool] | None = None) -> Next:
    """What comes next for an instance on its definition version.

    ``answers`` are what conditions that are expressions yielded over the instance's data as it is.
    """
    if instance.status is not Status.RUNNING:
        return Stand()
    cursor = instance.cursor
    if cursor is None:
        return _reach(definition.entry, instance, answers or {})
    if cursor.phase is Phase.DONE:
        target = definition.step(cursor.step).outputs.get(cursor.output or "continue")
        return Finish() if target is None else _reach(definition.step(target), instance, answers or {})
    if cursor.phase is Phase.ASLEEP:
        return Stand()
    step = definition.step(cursor.step)
    return Run(step, cursor.attempt + 1) if cursor.intent is None else Resume(step, cursor)


def _reach(step: Step, instance: Instance, answers: Mapping[str, bool]) -> Run | Ask | Skip:
    if not step.enabled:
        return Skip(step, "the step is disabled")
    untrue = first_untrue(step.conditions, instance.data, answers)
    if untrue is None:
        return Run(step, 1)
    return Ask(step, untrue) if is_expression(untrue) and untrue not in answers else Skip(step, untrue)


def events_of(outcome: Outcome, step: Step, attempt: int, at: datetime, view: StepView) -> Event:
    """The event an outcome becomes. Where a step suspends, the view says what votes are about and who may cast them."""
    match outcome:
        case Continue(values, _, output, messages):
            return StepCompleted(at=at, step=step.unique_name, output=output, values=values, messages=messages)
        case Suspend(signals, message, wake_at, _):
            return StepSuspended(
                at=at,
                step=step.unique_name,
                signals=signals,
                message=message,
                wake_at=wake_at,
                binding=dict(view.request),
                roles=dict(view.signal_roles),
            )
        case Retry(after, why):
            return StepRetryScheduled(at=at, step=step.unique_name, attempt=attempt, wake_at=at + after, failure=why)
        case Reject(actor, reason, _):
            return InstanceRejected(at=at, actor=actor, reason=reason, step=step.unique_name)
        case Fail(message):
            return StepFailed(at=at, step=step.unique_name, message=message)
        case _ as unreachable:
            assert_never(unreachable)


def completed(at: datetime) -> InstanceCompleted:
    """The event that ends an instance whose last step is done."""
    return InstanceCompleted(at=at)
