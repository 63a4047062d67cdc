"""What is wrong with the steps of a definition. Every fault at once, each with where it is.

*Structural* faults refuse a save. *Open points* (an unknown step type, a missing role or required parameter) are
allowed in a draft and refuse publishing. Source: workflow-definitions reference, 2.8.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from certloom.workflow.definition import Step
from certloom.workflow.parameters import named_as_declared, parameter_faults
from certloom.workflow.step import StepType

__all__ = ["Fault", "Located", "open_points", "structural_faults", "warnings"]


class Fault(msgspec.Struct, frozen=True):
    """A fault: in which step (empty: in the definition), in which field, which rule, and what it is."""

    step: str
    field: str
    rule: str
    text: str

    def __str__(self) -> str:
        place = f"step {self.step}, {self.field}" if self.step else self.field
        return f"{place}: {self.text}"


class Located(Exception):
    """What an error about a definition carries beside its message: every fault with its place."""

    def __init__(self, what: str, faults: Sequence[Fault] = ()) -> None:
        told = "; ".join(f"{number}) {fault}" for number, fault in enumerate(faults, start=1))
        super().__init__(f"{what} {told}." if told else what)
        self.faults = tuple(faults)


def structural_faults(
    steps: Sequence[Step], workflow_type: str, step_types: Mapping[str, StepType]
) -> tuple[Fault, ...]:
    """Everything that keeps these steps from being saved."""
    faults = [*_name_faults(steps), *_output_faults(steps), *_graph_faults(steps)]
    for step in steps:
        step_type = step_types.get(step.extension_name)
        if step_type is not None:
            faults.extend(_type_faults(step, step_type, workflow_type))
    return (*faults, *_once_faults(steps, step_types))


def _name_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    if not steps:
        yield Fault("", "Steps", "steps-missing", "there are none; a definition has at least a start and an end")
    counts = Counter(_seen(step.unique_name) for step in steps)
    for step in steps:
        if not step.unique_name.strip():
            yield Fault(step.display_name, "UniqueName", "unique-name-missing", "is empty")
        elif not _plain(step.unique_name):
            text = (
                f"must have at most {_LONGEST_NAME} characters, all of them visible, and no blank at either end: "
                "people and signal keys name the step by it"
            )
            yield Fault(step.unique_name[:_LONGEST_NAME], "UniqueName", "unique-name-unclear", text)
        elif counts[_seen(step.unique_name)] > 1:
            text = "is used by more than one step; case and ways to write the same letter make no difference"
            yield Fault(step.unique_name, "UniqueName", "unique-name-taken", text)
        elif "." in step.unique_name:
            text = "must not hold a dot: it is the first half of a signal key"
            yield Fault(step.unique_name, "UniqueName", "unique-name-dot", text)


_LONGEST_NAME = 200


def _seen(name: str) -> str:
    """The name as people see it: case and compatible spellings folded (UAX 15, NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def _plain(name: str) -> bool:
    visible = all(one == " " or unicodedata.category(one)[0] not in "CZ" for one in name)
    return visible and name == name.strip() and len(name) <= _LONGEST_NAME


def _output_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    names = {step.unique_name for step in steps}
    for step in steps:
        for output, target in step.outputs.items():
            if target not in names:
                text = f"leads to {target!r}, which is not a step"
                yield Fault(step.unique_name, f"Outputs.{output}", "output-dangling", text)


def _graph_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    """What is wrong with the way through the steps; outputs that lead nowhere are told of elsewhere."""
    targets = {target for step in steps for target in step.outputs.values()}
    entries = [step for step in steps if step.unique_name not in targets]
    exits = [step.unique_name for step in steps if not step.outputs]
    if len(entries) > 1:
        names = ", ".join(step.unique_name for step in entries)
        yield Fault("", "Steps", "several-first-steps", f"there is more than one first step: {names}")
    if steps and len(exits) != 1:
        text = f"there must be exactly one last step, without outputs; found: {', '.join(exits) or 'none'}"
        yield Fault("", "Steps", "no-single-last-step", text)
    cycle = _on_a_cycle(steps)
    for name in cycle:
        yield Fault(name, "Outputs", "cycle", "is part of a cycle; a workflow only goes forward")
    if len(entries) == 1:
        reached = _reached(entries[0], {step.unique_name: step for step in steps})
        for step in steps:
            if step.unique_name not in reached and step.unique_name not in cycle:
                yield Fault(step.unique_name, "Outputs", "step-unreachable", "is never reached")


def _reached(entry: Step, by_name: Mapping[str, Step]) -> set[str]:
    reached: set[str] = set()
    todo = [entry.unique_name]
    while todo:
        name = todo.pop()
        if name not in reached and name in by_name:
            reached.add(name)
            todo.extend(by_name[name].outputs.values())
    return reached


def _on_a_cycle(steps: Sequence[Step]) -> list[str]:
    """The steps left when those nothing leads to, and those that lead nowhere, are removed again and again."""
    edges = {(step.unique_name, target) for step in steps for target in step.outputs.values()}
    while True:
        within = {before for before, _ in edges} & {after for _, after in edges}
        kept = {(before, after) for before, after in edges if before in within and after in within}
        if kept == edges:
            return list(dict.fromkeys(step.unique_name for step in steps if step.unique_name in within))
        edges = kept


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
        for name in sorted(_reached(step, by_name) - {step.unique_name}):
            later = step_types.get(by_name[name].extension_name)
            if later is not None and later.changes_request:
                text = f"can change the request after its approval at {step.unique_name}"
                found.append(Fault(name, "ExtensionName", "changes-after-approval", text))
    return tuple(found)
