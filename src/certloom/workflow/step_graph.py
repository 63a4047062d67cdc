"""Steps as a graph: their names, where their outputs lead, and that there is one way forward from first to last."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault

__all__ = ["graph_faults", "reached"]


def graph_faults(steps: Sequence[Step]) -> tuple[Fault, ...]:
    """Everything that keeps these steps from being one chain of steps with unmistakable names."""
    return (*_name_faults(steps), *_output_faults(steps), *_way_faults(steps))


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


def _way_faults(steps: Sequence[Step]) -> Iterator[Fault]:
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
        found = reached(entries[0], {step.unique_name: step for step in steps})
        for step in steps:
            if step.unique_name not in found and step.unique_name not in cycle:
                yield Fault(step.unique_name, "Outputs", "step-unreachable", "is never reached")


def reached(entry: Step, by_name: Mapping[str, Step]) -> set[str]:
    """The unique names of the step and of all that its outputs lead to, however far."""
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
