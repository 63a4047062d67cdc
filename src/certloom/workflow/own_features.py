"""What certloom has and the Keyfactor product has not, so that a definition with it means nothing there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from certloom.workflow.condition import is_expression
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault
from certloom.workflow.parameters import Parameter, named_as_declared
from certloom.workflow.step import StepType

__all__ = ["own_features", "without_own_defaults"]

_OUTPUT = "continue"


def own_features(steps: Sequence[Step], step_types: Mapping[str, StepType]) -> tuple[Fault, ...]:
    """Everything in these steps that the product could not read, each with where it is."""
    return tuple(fault for step in steps for fault in _of(step, step_types.get(step.extension_name)))


def _of(step: Step, step_type: StepType | None) -> Iterator[Fault]:
    name = step.unique_name
    if step_type is not None and step_type.ours:
        text = f"{step_type.extension_name} is a step type of certloom"
        yield Fault(name, "ExtensionName", "own-step-type", text)
    for condition in step.conditions:
        if is_expression(condition):
            text = f"{condition[:60]!r} is an expression; the product takes True, False or one token"
            yield Fault(name, "Conditions", "own-condition", text)
    for output in step.outputs:
        if output != _OUTPUT:
            text = f"the product's steps have no output but {_OUTPUT}"
            yield Fault(name, f"Outputs.{output}", "own-output", text)
    for parameter in _set(step_type.parameters if step_type else (), step.parameters):
        text = "is a parameter of certloom, and is not at its default"
        yield Fault(name, f"ConfigurationParameters.{parameter.name}", "own-parameter", text)


def _set(declared: Sequence[Parameter], given: Mapping[str, Any]) -> Iterator[Parameter]:
    """The parameters of ours that say something else than their default."""
    values = named_as_declared(tuple(declared), given)
    for parameter in declared:
        if parameter.ours and parameter.name in values and not _is_default(parameter, values[parameter.name]):
            yield parameter


def without_own_defaults(declared: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` without our own parameters where they are the default, so that a file shows none it does not need."""
    ours = {name for name, value in given.items() for known in declared if _says_nothing(known, name, value)}
    return {name: value for name, value in given.items() if name not in ours}


def _says_nothing(parameter: Parameter, name: str, value: Any) -> bool:
    named = next(iter(named_as_declared((parameter,), {name: value})))
    return parameter.ours and named == parameter.name and _is_default(parameter, value)


def _is_default(parameter: Parameter, value: Any) -> bool:
    if value is None:
        return True
    return str(value).strip().casefold() == (parameter.default or "").casefold()
