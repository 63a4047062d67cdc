"""What a step type or a signal asks for: named, typed parameters.

The same declaration feeds the catalogue of the API, the check at save time, the form and the reference page.
Source: workflow-definitions reference, 2.7.
"""

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec

from certloom.workflow.token_modes import TextKind

__all__ = ["TOKEN_MODE", "ControlType", "DataType", "Parameter", "declared_as", "named_as_declared", "parameter_faults"]


class DataType(IntEnum):
    """What a value is. The numbers are on the wire; the names are ours (reference 2.7)."""

    STRING = 0
    INTEGER = 1
    BOOLEAN = 2
    DOUBLE = 3
    DATE_TIME = 4
    STRING_LIST = 5
    OBJECT = 6
    SECRET = 7


class ControlType(IntEnum):
    """How a form shows a value. The numbers are on the wire; the names are ours (reference 2.7)."""

    TEXT = 0
    TEXT_AREA = 1
    NUMBER = 2
    CHECK_BOX = 3
    DROP_DOWN = 4
    LIST = 5
    KEY_VALUE = 6
    PASSWORD = 7
    SCRIPT = 8


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One declared parameter. ``default`` is text, as on the wire; ``tokens`` says whether ``$(name)`` is replaced.

    ``aliases`` are near spellings that are read as well, for names no public page confirms. ``ours`` marks a parameter
    that the Keyfactor product does not have: it leaves an exported file only where it is not the default. The value of
    a ``library_script`` is the name of a script in the library. ``text`` is
    what the value is part of, which decides how the value of a token is written into it; where the author chooses
    that, ``media_type`` names the parameter that says so. A whole number is from ``least`` to ``most``, where given.
    ``sent_to`` names the parameters that say to whom a secret is sent: where these change, it is not kept by itself.
    """

    name: str
    display_name: str
    data_type: DataType = DataType.STRING
    control: ControlType = ControlType.TEXT
    required: bool = False
    default: str | None = None
    choices: dict[str, str] | None = None
    tokens: bool = False
    text: TextKind = TextKind.TEXT
    media_type: str = ""
    least: int | None = None
    most: int | None = None
    help: str = ""
    aliases: tuple[str, ...] = ()
    ours: bool = False
    library_script: bool = False
    sent_to: tuple[str, ...] = ()


TOKEN_MODE = Parameter(
    name="TokenMode",
    display_name="Values of tokens",
    control=ControlType.DROP_DOWN,
    default="data",
    choices={"data": "Written as data, so that no value can change the text around it", "text": "Written as they are"},
    help="data: the value of a token is encoded for the place it stands in. text: it is written as it is.",
    ours=True,
)
"""How tokens are replaced; declared for every step type for which it makes a difference."""


_TYPES: dict[DataType, tuple[type, ...]] = {
    DataType.STRING: (str,),
    DataType.INTEGER: (int, str),
    DataType.BOOLEAN: (bool, str),
    DataType.DOUBLE: (int, float, str),
    DataType.DATE_TIME: (str,),
    DataType.STRING_LIST: (list, tuple),
    DataType.OBJECT: (dict,),
    DataType.SECRET: (str, dict),
}


def named_as_declared(declared: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with each known name as it is declared. Names nobody declared stay as they are."""
    known = _by_spelling(declared)
    found = ((known.get(name.casefold()), name, value) for name, value in given.items())
    return {parameter.name if parameter else name: value for parameter, name, value in found}


def declared_as(declared: tuple[Parameter, ...], name: str) -> Parameter | None:
    """The parameter that a name in any spelling stands for."""
    return _by_spelling(declared).get(name.casefold())


def parameter_faults(declared: tuple[Parameter, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    """Every way in which ``given`` does not fit the declaration: unknown or repeated names, values of a wrong type."""
    known = _by_spelling(declared)
    found = {name: known.get(name.casefold()) for name in given}
    counts = Counter(parameter.name if parameter else name.casefold() for name, parameter in found.items())
    faults = [f"parameter {name} is given more than once" for name, times in counts.items() if times > 1]
    for name, value in given.items():
        parameter = found[name]
        if parameter is None:
            allowed = ", ".join(p.name for p in declared) or "none"
            faults.append(f"parameter {name} is not known; allowed: {allowed}")
        elif value is not None and not _fits(parameter, value):
            faults.append(f"parameter {name} must be {parameter.data_type.name.replace('_', ' ').lower()}")
        elif parameter.choices and value and value not in parameter.choices:
            faults.append(f"parameter {name} must be one of {', '.join(parameter.choices)}")
        elif value is not None and not _in_range(parameter, value):
            faults.append(f"parameter {name} must be from {parameter.least} to {parameter.most}")
    return tuple(faults)


def _by_spelling(declared: tuple[Parameter, ...]) -> dict[str, Parameter]:
    return {spelling.casefold(): one for one in declared for spelling in (*one.aliases, one.name)}


def _fits(parameter: Parameter, value: object) -> bool:
    if not isinstance(value, _TYPES[parameter.data_type]):
        return False
    if parameter.data_type is DataType.INTEGER:
        return not isinstance(value, bool) and (isinstance(value, int) or str(value).strip().isdecimal())
    if parameter.data_type is DataType.BOOLEAN:
        return isinstance(value, bool) or str(value).strip().casefold() in {"true", "false"}
    return True


def _in_range(parameter: Parameter, value: Any) -> bool:
    if parameter.least is None or parameter.most is None:
        return True
    return parameter.least <= int(value) <= parameter.most
