"""The steps of a draft: from what somebody wants to steps with ids, the closing step included.

Source: workflow-definitions reference, 2.5 and 2.8.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from certloom.clock import uuid7
from certloom.operations.services import Services
from certloom.store.definitions import DefinitionRow
from certloom.workflow.definition import SignalConfiguration, Step

__all__ = ["StepDraft", "step_of", "with_closing_step", "with_signal_ids"]


class StepDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A step as somebody wants it: no ids yet."""

    unique_name: str
    display_name: str
    extension_name: str
    enabled: bool = True
    parameters: dict[str, Any] = {}
    signals: tuple[SignalConfiguration, ...] = ()
    conditions: tuple[str, ...] = ()
    outputs: dict[str, str] = {}


def step_of(services: Services, draft: StepDraft) -> Step:
    """The draft with fresh ids for itself, its signals and its conditions."""

    def fresh() -> str:
        return str(uuid7(services.clock()))

    return Step(
        id=fresh(),
        unique_name=draft.unique_name,
        display_name=draft.display_name or draft.unique_name,
        extension_name=_extension_name(services, draft.extension_name),
        enabled=draft.enabled,
        parameters=draft.parameters,
        signals=tuple(_signal(services, draft, signal) for signal in draft.signals),
        signal_ids={signal: fresh() for signal in _signal_names(services, draft)},
        condition_ids=tuple(fresh() for _ in draft.conditions),
        conditions=draft.conditions,
        outputs=draft.outputs,
    )


def with_signal_ids(services: Services, step: Step) -> Step:
    """The step with an id for every signal of its type, which may have become known after the step was saved."""
    step_type = services.step_types.get(step.extension_name)
    missing = [signal.name for signal in step_type.signals if signal.name not in step.signal_ids] if step_type else []
    fresh = {name: str(uuid7(services.clock())) for name in missing}
    return msgspec.structs.replace(step, signal_ids={**step.signal_ids, **fresh}) if fresh else step


def _extension_name(services: Services, given: str) -> str:
    folded = given.casefold()
    return next((name for name in services.step_types if name.casefold() == folded), given)


def _signal(services: Services, draft: StepDraft, given: SignalConfiguration) -> SignalConfiguration:
    """The signal under its declared name, by which votes are counted and waits are listed."""
    folded = given.signal_name.casefold()
    name = next((known for known in _signal_names(services, draft) if known.casefold() == folded), given.signal_name)
    return msgspec.structs.replace(given, signal_name=name)


def _signal_names(services: Services, draft: StepDraft) -> list[str]:
    step_type = services.step_types.get(_extension_name(services, draft.extension_name))
    return [signal.name for signal in step_type.signals] if step_type else []


def with_closing_step(services: Services, row: DefinitionRow, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with the type's closing step at the end, where it is absent (reference 2.8).

    Only a mere marker stays behind it: what decides, such as an approval, comes before what it decides on.
    """
    closing = services.workflow_types[row.workflow_type].closing_step
    last = next((step for step in steps if not step.outputs), None)
    if closing is None or last is None or any(step.extension_name == closing for step in steps):
        return steps
    marker = last if last.extension_name == _MARKER else None
    draft = StepDraft(
        unique_name=_free_name(closing, steps),
        display_name=services.step_types[closing].display_name,
        extension_name=closing,
        outputs={"continue": marker.unique_name} if marker else {},
    )
    moved = tuple(_led_to(step, draft.unique_name, last, marker) for step in steps)
    return (*moved, step_of(services, draft))


_MARKER = "NOOPStep"


def _led_to(step: Step, closing: str, last: Step, marker: Step | None) -> Step:
    """The step, leading to the closing step where it is the one before it."""
    if marker is None:
        return msgspec.structs.replace(step, outputs={"continue": closing}) if step is last else step
    outputs = {name: closing if target == marker.unique_name else target for name, target in step.outputs.items()}
    return msgspec.structs.replace(step, outputs=outputs)


def _free_name(wanted: str, steps: Sequence[Step]) -> str:
    names = {step.unique_name.casefold() for step in steps}
    number = 1
    while f"{wanted}{number}".casefold() in names:
        number += 1
    return f"{wanted}{number}"
