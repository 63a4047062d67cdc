"""What is wrong with the steps of a definition. Every fault at once, each with where it is.

*Structural* faults refuse a save. *Open points* (an unknown step type, a missing role or required parameter) are
allowed in a draft and refuse publishing. Source: workflow-definitions reference, 2.8.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from certloom.workflow.definition import Step
from certloom.workflow.parameters import named_as_declared, parameter_faults
from certloom.workflow.step import StepType

__all__ = ["Fault", "open_points", "structural_faults", "warnings"]


class Fault(msgspec.Struct, frozen=True):
    """A fault: in which step (empty: in the definition), in which field, and what it is."""

    step: str
    field: str
    text: str

    def __str__(self) -> str:
        place = f"step {self.step}, {self.field}" if self.step else self.field
        return f"{place}: {self.text}"


def structural_faults(
    steps: Sequence[Step], workflow_type: str, step_types: Mapping[str, StepType]
) -> tuple[Fault, ...]:
    """Everything that keeps these steps from being saved."""
    faults = [*_name_faults(steps), *_output_faults(steps)]
    if not faults:
        faults = [*_graph_faults(steps)]
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is not None:
            faults.extend(_type_faults(step, step_type, workflow_type))
    return (*faults, *_once_faults(steps, step_types))


def _name_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    if not steps:
        yield Fault("", "steps", "there are none; a definition has at least a start and an end")
    counts = Counter(step.unique_name.casefold() for step in steps)
    for step in steps:
        if not step.unique_name.strip():
            yield Fault(step.display_name, "UniqueName", "is empty")
        elif counts[step.unique_name.casefold()] > 1:
            yield Fault(step.unique_name, "UniqueName", "is used by more than one step")
        elif "." in step.unique_name:
            yield Fault(step.unique_name, "UniqueName", "must not hold a dot: it is the first half of a signal key")


def _output_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    names = {step.unique_name for step in steps}
    for step in steps:
        for output, target in step.outputs.items():
            if target not in names:
                yield Fault(step.unique_name, f"Outputs.{output}", f"leads to {target!r}, which is not a step")


def _graph_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    targets = {target for step in steps for target in step.outputs.values()}
    entries = [step for step in steps if step.unique_name not in targets]
    exits = [step.unique_name for step in steps if not step.outputs]
    if len(entries) > 1:
        yield Fault("", "steps", f"there is more than one first step: {', '.join(s.unique_name for s in entries)}")
    if len(exits) != 1:
        yield Fault("", "steps", f"there must be exactly one last step, without outputs; found: {exits or 'none'}")
    if len(entries) == 1:
        reached = _reached(entries[0], {step.unique_name: step for step in steps})
        for step in steps:
            if step.unique_name not in reached:
                yield Fault(step.unique_name, "Outputs", "is never reached, or is part of a cycle")
    if not entries or _has_cycle(steps):
        yield Fault("", "steps", "the outputs form a cycle; a workflow only goes forward")


def _reached(entry: Step, by_name: Mapping[str, Step]) -> set[str]:
    reached: set[str] = set()
    todo = [entry.unique_name]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(by_name[name].outputs.values())
    return reached


def _has_cycle(steps: Sequence[Step]) -> bool:
    """Whether removing steps nothing leads to, again and again, leaves any."""
    left = {step.unique_name: set(step.outputs.values()) for step in steps}
    while left:
        targets = set().union(*left.values())
        free = [name for name in left if name not in targets]
        if not free:
            return True
        for name in free:
            del left[name]
    return False


def _type_faults(step: Step, step_type: StepType, workflow_type: str) -> Iterator[Fault]:
    name = step.unique_name
    if step_type.workflow_types and workflow_type not in step_type.workflow_types:
        allowed = ", ".join(step_type.workflow_types)
        yield Fault(name, "ExtensionName", f"{step_type.extension_name} is only for {allowed}")
    if step_type.once and step.conditions:
        yield Fault(name, "Conditions", f"{step_type.extension_name} takes no conditions")
    if step_type.once and not step.enabled:
        text = f"{step_type.extension_name} cannot be switched off: everything before it would be for nothing"
        yield Fault(name, "Enabled", text)
    for output in step.outputs:
        if output not in step_type.outputs:
            yield Fault(name, f"Outputs.{output}", f"is not an output; allowed: {', '.join(step_type.outputs)}")
    for signal in step.signals:
        if step_type.signal(signal.signal_name) is None:
            known = ", ".join(declared.name for declared in step_type.signals) or "none"
            yield Fault(name, "Signals", f"{signal.signal_name!r} is not a signal of it; allowed: {known}")
    declared = named_as_declared(step_type.parameters, step.parameters)
    for text in (*parameter_faults(step_type.parameters, step.parameters), *step_type.faults(declared)):
        yield Fault(name, "ConfigurationParameters", text)


def _once_faults(steps: Sequence[Step], step_types: Mapping[str, StepType]) -> Iterator[Fault]:
    counts = Counter(step.extension_name for step in steps)
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is not None and step_type.once and counts[step.extension_name] > 1:
            yield Fault(step.unique_name, "ExtensionName", f"{step.extension_name} may stand in a definition once")


def open_points(
    steps: Sequence[Step], step_types: Mapping[str, StepType], role_ids: frozenset[int]
) -> tuple[Fault, ...]:
    """Everything that is still to be filled in before these steps can be published."""
    points: list[Fault] = []
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is None:
            points.append(Fault(step.unique_name, "ExtensionName", f"step type {step.extension_name!r} is not known"))
        else:
            points.extend(_missing_parameters(step, step_type))
            points.extend(_missing_roles(step, step_type, role_ids))
    return tuple(points)


def _missing_parameters(step: Step, step_type: StepType) -> Iterator[Fault]:
    declared = named_as_declared(step_type.parameters, step.parameters)
    for parameter in step_type.parameters:
        value = declared.get(parameter.name)
        if parameter.required and parameter.default is None and (value is None or value == ""):
            yield Fault(step.unique_name, f"ConfigurationParameters.{parameter.name}", "is required")


def _missing_roles(step: Step, step_type: StepType, role_ids: frozenset[int]) -> Iterator[Fault]:
    for declared in step_type.signals:
        configured = [s for s in step.signals if s.signal_name.casefold() == declared.name.casefold()]
        given = {role_id for signal in configured for role_id in signal.role_ids}
        by_token = any(signal.role_tokens for signal in configured)
        for unknown in sorted(given - role_ids):
            yield Fault(step.unique_name, "Signals.RoleIds", f"role {unknown} does not exist")
        if not given and not by_token:
            yield Fault(step.unique_name, "Signals.RoleIds", f"nobody may send {declared.name}: name at least one role")


def warnings(steps: Sequence[Step], step_types: Mapping[str, StepType]) -> tuple[Fault, ...]:
    """Steps that can change the request after people have voted on it."""
    by_name = {step.unique_name: step for step in steps}
    found: list[Fault] = []
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is None or not any(signal.vote for signal in step_type.signals):
            continue
        for name in sorted(_reached(step, by_name) - {step.unique_name}):
            later = step_types.get(by_name[name].extension_name)
            if later is not None and later.changes_request:
                found.append(
                    Fault(name, "ExtensionName", f"can change the request after its approval at {step.unique_name}")
                )
    return tuple(found)
