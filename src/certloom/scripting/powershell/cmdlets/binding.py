"""Arguments to parameters: by name, by unambiguous beginning of a name, by alias, by position, from the pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from certloom.scripting.powershell.cmdlets.spec import SWITCH, Cmdlet, Parameter
from certloom.scripting.powershell.runtime.session import Given
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.text import text

__all__ = ["COMMON", "bind", "parameter_of"]

_BINDING = "System.Management.Automation.ParameterBindingException"
COMMON = (
    Parameter("ErrorAction", aliases=("ea",)),
    Parameter("WarningAction", aliases=("wa",)),
    Parameter("InformationAction"),
    Parameter("Verbose", SWITCH, aliases=("vb",)),
    Parameter("Debug", SWITCH, aliases=("db",)),
    Parameter("ErrorVariable", aliases=("ev",)),
    Parameter("OutVariable", aliases=("ov",)),
)


def parameter_of(cmdlet: Cmdlet, name: str) -> Parameter:
    """The parameter that a name means; raises when none or several do."""
    wanted = name.lower()
    parameters = (*cmdlet.parameters, *COMMON)
    for parameter in parameters:
        if wanted in {parameter.name.lower(), *(alias.lower() for alias in parameter.aliases)}:
            return parameter
    close = [parameter for parameter in parameters if parameter.name.lower().startswith(wanted)]
    if len(close) != 1:
        known = ", ".join(f"-{parameter.name}" for parameter in cmdlet.parameters)
        raise failure(
            f"A parameter cannot be found that matches parameter name '{name}' of {cmdlet.name}; it has {known}.",
            _BINDING,
        )
    return close[0]


def bind(cmdlet: Cmdlet, given: Sequence[Given]) -> dict[str, object]:
    """The values of a command's parameters by name."""
    values: dict[str, object] = {}
    free: list[object] = []
    at = 0
    while at < len(given):
        at += _named(cmdlet, given, at, values) if given[at].name else _positional(given[at], free)
    _place(cmdlet, free, values)
    return values


def _positional(given: Given, free: list[object]) -> int:
    free.append(given.value)
    return 1


def _named(cmdlet: Cmdlet, given: Sequence[Given], at: int, values: dict[str, object]) -> int:
    """Bind one named argument; a name without value takes the argument behind it, a switch takes none."""
    parameter = parameter_of(cmdlet, given[at].name)
    if parameter.name in values:
        raise failure(
            f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once.", _BINDING
        )
    if given[at].written:
        values[parameter.name] = _converted(parameter, given[at].value)
        return 1
    if parameter.convert is SWITCH:
        values[parameter.name] = True
        return 1
    if at + 1 >= len(given) or given[at + 1].name:
        raise failure(f"Missing an argument for parameter '{parameter.name}'.", _BINDING)
    values[parameter.name] = _converted(parameter, given[at + 1].value)
    return 2


def _converted(parameter: Parameter, value: object) -> object:
    try:
        return parameter.convert(value)
    except ScriptError as wrong:
        message = f"Cannot bind parameter '{parameter.name}'. {wrong.exception.message}"
        raise failure(message, _BINDING) from wrong


def _place(cmdlet: Cmdlet, free: list[object], values: dict[str, object]) -> None:
    places = sorted(
        (parameter for parameter in cmdlet.parameters if parameter.position >= 0 and parameter.name not in values),
        key=lambda parameter: parameter.position,
    )
    for parameter in places:
        if not free:
            return
        if parameter.rest:
            values[parameter.name] = _converted(parameter, free[0] if len(free) == 1 else list(free))
            return
        values[parameter.name] = _converted(parameter, free.pop(0))
    if free:
        shown = text(free[0])[:100]
        raise failure(
            f"A positional parameter cannot be found that accepts argument '{shown}' for {cmdlet.name}.", _BINDING
        )
