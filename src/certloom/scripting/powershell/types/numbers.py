"""The numeric types, Boolean and Char."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.parsing import parse_styled
from certloom.scripting.powershell.types.spec import Method, TypeSpec, no_overload, static, takes
from certloom.scripting.powershell.types.strings import substring
from certloom.scripting.powershell.types.trying import tries, tries_each
from certloom.scripting.powershell.values.conversion import convert, to_int, to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.numbers import (
    WHOLE_TYPES,
    Byte,
    Char,
    Int16,
    Int64,
    SByte,
    UInt16,
    UInt32,
    UInt64,
)
from certloom.scripting.powershell.values.numeric import MOST_DECIMAL, to_double
from certloom.scripting.powershell.values.objects import TypeRef

__all__ = ["NUMBERS"]

_LAST_CHARACTER = 0x10FFFF
_BASES = ("System.ValueType", "System.IComparable", "System.IFormattable")
_WHOLE: dict[type[int], tuple[str, tuple[str, ...]]] = {
    int: ("System.Int32", ("int", "int32")),
    Int64: ("System.Int64", ("long",)),
    Byte: ("System.Byte", ("byte",)),
    SByte: ("System.SByte", ("sbyte",)),
    Int16: ("System.Int16", ("short",)),
    UInt16: ("System.UInt16", ("ushort",)),
    UInt32: ("System.UInt32", ("uint",)),
    UInt64: ("System.UInt64", ("ulong",)),
}


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


def _reading(name: str) -> dict[str, Method]:
    """``Parse`` and ``TryParse``."""

    def parse(_: Session, __: object, arguments: Sequence[object]) -> object:
        if not arguments:
            raise no_overload("Parse", 0)
        return parse_styled(arguments, name)

    return {
        "Parse": parse,
        "TryParse": tries_each(lambda given: parse_styled(given, name), lambda: convert(0, TypeRef(name))),
    }


def _whole(kind: type[int]) -> TypeSpec:
    name, aliases = _WHOLE[kind]
    least, most = WHOLE_TYPES[kind]
    return TypeSpec(
        name=name,
        aliases=aliases,
        bases=_BASES,
        static_properties={"MaxValue": _constant(kind(most)), "MinValue": _constant(kind(least))},
        static_methods={
            **_reading(name),
        },
        new=static(lambda: kind(0)),
    )


def _real(name: str, aliases: tuple[str, ...], constants: dict[str, object]) -> TypeSpec:
    return TypeSpec(
        name=name,
        aliases=aliases,
        bases=_BASES,
        static_properties={key: _constant(value) for key, value in constants.items()},
        static_methods={
            **_reading(name),
            "IsNaN": static(math.isnan, to_double),
            "IsInfinity": static(math.isinf, to_double),
        },
    )


def _bool(value: str) -> bool:
    wanted = value.strip().lower()
    if wanted not in {"true", "false"}:
        raise failure(f"String '{value[:100]}' was not recognized as a valid Boolean.", inner="System.FormatException")
    return wanted == "true"


def _char(value: object) -> Char:
    made = convert(value, TypeRef("System.Char"))
    return made if isinstance(made, Char) else Char("\0")


def _tested(test: Callable[[str], bool]) -> Callable[..., bool]:
    def method(value: object, index: object = None) -> bool:
        return test(_char(value) if index is None else substring(str(value), to_int(index), 1))

    return method


BOOLEAN = TypeSpec(
    name="System.Boolean",
    aliases=("bool",),
    bases=_BASES,
    properties={"IsPresent": bool},
    methods={"ToBool": takes(bool)},
    static_properties={"TrueString": _constant("True"), "FalseString": _constant("False")},
    static_methods={
        "Parse": static(_bool, to_string),
        "TryParse": tries(_bool, lambda: False),
    },
)
CHAR = TypeSpec(
    name="System.Char",
    aliases=("char",),
    bases=_BASES,
    static_methods={
        "IsDigit": static(_tested(str.isdigit), any_value, any_value, least=1),
        "IsNumber": static(_tested(str.isnumeric), any_value, any_value, least=1),
        "IsLetter": static(_tested(str.isalpha), any_value, any_value, least=1),
        "IsLetterOrDigit": static(_tested(str.isalnum), any_value, any_value, least=1),
        "IsUpper": static(_tested(str.isupper), any_value, any_value, least=1),
        "IsLower": static(_tested(str.islower), any_value, any_value, least=1),
        "IsWhiteSpace": static(_tested(str.isspace), any_value, any_value, least=1),
        "IsPunctuation": static(_tested(lambda one: one in "!\"#%&'()*,-./:;?@[\\]_{}"), any_value, any_value, least=1),
        "ToUpper": static(lambda one: Char(one.upper()), _char),
        "ToLower": static(lambda one: Char(one.lower()), _char),
        "ToUpperInvariant": static(lambda one: Char(one.upper()), _char),
        "ToLowerInvariant": static(lambda one: Char(one.lower()), _char),
        "GetNumericValue": static(lambda one: float(one) if one.isdigit() else -1.0, _char),
        "ConvertFromUtf32": static(lambda code: chr(code) if 0 <= code <= _LAST_CHARACTER else "", to_int),
    },
    methods={"ToString": takes(str.__str__)},
)

NUMBERS: tuple[TypeSpec, ...] = (
    *(_whole(kind) for kind in _WHOLE),
    _real(
        "System.Double",
        ("double",),
        {
            "MaxValue": 1.7976931348623157e308,
            "MinValue": -1.7976931348623157e308,
            "Epsilon": 5e-324,
            "NaN": float("nan"),
            "PositiveInfinity": float("inf"),
            "NegativeInfinity": float("-inf"),
        },
    ),
    _real("System.Single", ("float", "single"), {}),
    _real(
        "System.Decimal",
        ("decimal",),
        {
            "MaxValue": MOST_DECIMAL,
            "MinValue": -MOST_DECIMAL,
            "Zero": Decimal(0),
            "One": Decimal(1),
            "MinusOne": Decimal(-1),
        },
    ),
    BOOLEAN,
    CHAR,
)
