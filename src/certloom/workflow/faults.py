"""What is wrong with the steps of a definition. Every fault at once, each with where it is.

*Structural* faults refuse a save. *Open points* (an unknown step type, a missing role or required parameter) are
allowed in a draft and refuse publishing. Source: workflow-definitions reference, 2.8.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault
from certloom.workflow.parameters import named_as_declared, parameter_faults
from certloom.workflow.step import StepType
from certloom.workflow.step_graph import graph_faults, reached

__all__ = ["open_points", "structural_faults", "warnings"]


def structural_faults(
    steps: Sequence[Step], workflow_type: str, step_types: Mapping[str, StepType]
) -> tuple[Fault, ...]:
    """Everything that keeps these steps from being saved."""
    faults = [*graph_faults(steps)]
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is not None:
            faults.extend(_type_faults(step, step_type, workflow_type))
    return (*faults, *_once_faults(steps, step_types))


def _type_faults(step: Step, step_type: StepType, workflow_type: str) -> Iterator[Fault]:
    name = step.unique_name
    if step_type.workflow_types and workflow_type not in step_type.workflow_types:
        allowed = ", ".join(step_type.workflow_types)
        yield Fault(name, "ExtensionName", "step-not-for-type", f"{step_type.extension_name} is only for {allowed}")
    if step_type.once and step.conditions:
        yield Fault(name, "Conditions", "conditions-refused", f"{step_type.extension_name} takes no conditions")
    if step_type.once and not step.enabled:
        text = f"{step_type.extension_name} cannot be switched off: everything before it would be for nothing"
        yield Fault(name, "Enabled", "cannot-be-disabled", text)
    for output in step.outputs:
        if output not in step_type.outputs:
            text = f"is not an output; allowed: {', '.join(step_type.outputs)}"
            yield Fault(name, f"Outputs.{output}", "output-unknown", text)
    for signal in step.signals:
        if step_type.signal(signal.signal_name) is None:
            known = ", ".join(declared.name for declared in step_type.signals) or "none"
            text = f"{signal.signal_name!r} is not a signal of it; allowed: {known}"
            yield Fault(name, "Signals", "signal-undeclared", text)
    declared = named_as_declared(step_type.parameters, step.parameters)
    for text in (*parameter_faults(step_type.parameters, step.parameters), *step_type.faults(declared)):
        yield _parameter_fault(name, text, step_type)


def _parameter_fault(step: str, text: str, step_type: StepType) -> Fault:
    """The fault a text tells of, at the parameter whose name the text begins with."""
    words = text.removeprefix("parameter ").split(maxsplit=1)
    name = words[0].rstrip(":") if words else ""
    declared = {parameter.name for parameter in step_type.parameters}
    known = name in declared or text.startswith("parameter ")
    field = f"ConfigurationParameters.{name}" if known else "ConfigurationParameters"
    return Fault(step, field, "parameter-invalid", text.removeprefix(f"{name}: ") if known else text)


def _once_faults(steps: Sequence[Step], step_types: Mapping[str, StepType]) -> Iterator[Fault]:
    counts = Counter(step.extension_name for step in steps)
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is not None and step_type.once and counts[step.extension_name] > 1:
            text = f"{step.extension_name} may stand in a definition once"
            yield Fault(step.unique_name, "ExtensionName", "once-in-a-definition", text)


def open_points(
    steps: Sequence[Step], step_types: Mapping[str, StepType], role_ids: frozenset[int]
) -> tuple[Fault, ...]:
    """Everything that is still to be filled in before these steps can be published."""
    points: list[Fault] = []
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is None:
            text = f"step type {step.extension_name!r} is not known"
            points.append(Fault(step.unique_name, "ExtensionName", "step-type-unknown", text))
        else:
            points.extend(_missing_parameters(step, step_type))
            points.extend(_missing_roles(step, step_type, role_ids))
    return tuple(points)


def _missing_parameters(step: Step, step_type: StepType) -> Iterator[Fault]:
    declared = named_as_declared(step_type.parameters, step.parameters)
    for parameter in step_type.parameters:
        value = declared.get(parameter.name)
        if parameter.required and parameter.default is None and (value is None or value == ""):
            field = f"ConfigurationParameters.{parameter.name}"
            yield Fault(step.unique_name, field, "parameter-missing", "is required")


def _missing_roles(step: Step, step_type: StepType, role_ids: frozenset[int]) -> Iterator[Fault]:
    for declared in step_type.signals:
        configured = [s for s in step.signals if s.signal_name.casefold() == declared.name.casefold()]
        given = {role_id for signal in configured for role_id in signal.role_ids}
        by_token = any(signal.role_tokens for signal in configured)
        for unknown in sorted(given - role_ids):
            yield Fault(step.unique_name, "Signals.RoleIds", "role-unknown", f"role {unknown} does not exist")
        if not given and not by_token:
            text = f"nobody may send {declared.name}: name at least one role"
            yield Fault(step.unique_name, "Signals.RoleIds", "role-missing", text)


def warnings(steps: Sequence[Step], step_types: Mapping[str, StepType]) -> tuple[Fault, ...]:
    """Steps that can change the request after people have voted on it."""
    by_name = {step.unique_name: step for step in steps}
    found: list[Fault] = []
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is None or not any(signal.vote for signal in step_type.signals):
            continue
        for name in sorted(reached(step, by_name) - {step.unique_name}):
            later = step_types.get(by_name[name].extension_name)
            if later is not None and later.changes_request:
                text = f"can change the request after its approval at {step.unique_name}"
                found.append(Fault(name, "ExtensionName", "changes-after-approval", text))
    return tuple(found)
