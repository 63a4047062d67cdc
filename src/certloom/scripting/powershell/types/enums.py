"""System.Enum: the names and values of enumerations."""

from collections.abc import Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import Convert, TypeSpec, static, takes
from certloom.scripting.powershell.types.trying import tries_each
from certloom.scripting.powershell.values.enums import ENUMS, enum_member, enum_of
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import EnumValue, TypeRef

__all__ = ["ENUM"]


def _kind(value: object) -> str:
    if isinstance(value, TypeRef) and value.name in ENUMS:
        return value.name
    raise failure("Type provided must be an Enum. (Parameter 'enumType')", inner="System.ArgumentException")


def _sorted(kind: str) -> list[tuple[str, int]]:
    return sorted(ENUMS[kind].items(), key=lambda member: member[1])


def _defined(kind: str, value: object) -> bool:
    try:
        return enum_member(kind, value).value in ENUMS[kind].values()
    except ScriptError:
        return False


def _parsed(given: Sequence[object]) -> EnumValue:
    return enum_member(_kind(given[0]), given[1] if len(given) > 1 else "")


def _has(value: EnumValue, flag: object) -> bool:
    wanted = enum_member(value.type, flag).value
    return value.value & wanted == wanted


def _parse(_: Session, __: object, arguments: Sequence[object]) -> object:
    return _parsed(arguments)


_type: Convert = _kind
ENUM = TypeSpec(
    name="System.Enum",
    aliases=("enum",),
    bases=("System.ValueType",),
    methods={"HasFlag": takes(_has, any_value)},
    static_methods={
        "GetNames": static(lambda kind: [name for name, _ in _sorted(kind)], _type),
        "GetValues": static(lambda kind: [EnumValue(kind, name, value) for name, value in _sorted(kind)], _type),
        "GetName": static(lambda kind, value: enum_of(kind, enum_member(kind, value).value).name, _type, any_value),
        "IsDefined": static(_defined, _type, any_value),
        "Parse": _parse,
        "TryParse": tries_each(_parsed, lambda: None),
    },
)
