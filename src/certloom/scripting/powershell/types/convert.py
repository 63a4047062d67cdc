"""System.Convert and System.BitConverter: numbers in bases, Base64, hexadecimal."""

import base64
import binascii
from collections.abc import Callable

from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import Method, TypeSpec, static
from certloom.scripting.powershell.values.collections import TypedArray
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int, to_string
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for
from certloom.scripting.powershell.values.numbers import WHOLE_TYPES, Byte, Int64, fits
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["BIT_CONVERTER", "CONVERT", "bytes_of", "to_bytes"]

_BASES = {2: "b", 8: "o", 16: "x", 10: "d"}
_LONGEST = 64


def to_bytes(value: object) -> bytes:
    """An array of bytes as Python has it."""
    items = [convert(item, TypeRef("System.Byte")) for item in items_of(value)]
    return bytes(item for item in items if isinstance(item, int))


def bytes_of(raw: bytes) -> TypedArray:
    """Python's bytes as an array of bytes."""
    room_for(len(raw), MOST_ITEMS)
    return TypedArray([Byte(one) for one in raw], "System.Byte")


def _format(message: str) -> Exception:
    return failure(message, inner="System.FormatException")


def _from_base64(value: str) -> TypedArray:
    try:
        return bytes_of(base64.b64decode("".join(value.split()), validate=True))
    except (binascii.Error, ValueError) as wrong:
        raise _format(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters."
        ) from wrong


def _to_base64(value: object, options: object = None) -> str:
    written = base64.b64encode(to_bytes(value)).decode("ascii")
    if options is not None and enum_member("System.Base64FormattingOptions", options).value:
        return "\r\n".join(written[at : at + 76] for at in range(0, len(written), 76))
    return written


def _whole(name: str, kind: type[int]) -> Method:
    def apply(value: object, base: object = None) -> object:
        if base is not None:
            return _based(text(value), to_int(base), kind)
        if isinstance(value, str) and not value.strip():
            raise _format("The input string '' was not in a correct format.")
        return convert(value, TypeRef(name))

    return static(apply, any_value, any_value, least=1)


def _based(value: str, base: int, kind: type[int]) -> int:
    if base not in _BASES:
        raise failure("Invalid Base.", inner="System.ArgumentException")
    try:
        number = int(value[:_LONGEST], base) if value else 0
    except ValueError as wrong:
        raise _format("Could not find any recognizable digits.") from wrong
    width = WHOLE_TYPES[kind][1] - WHOLE_TYPES[kind][0] + 1
    if not fits(kind, number) and base != 10 and number < width:  # noqa: PLR2004 - decimal does not wrap
        number -= width
    if not fits(kind, number):
        raise failure(
            f"Value was either too large or too small for an {kind.__name__}.", inner="System.OverflowException"
        )
    return kind(number)


def _to_text(value: object, base: object = None) -> str:
    if base is None or not isinstance(value, int):
        return text(value)
    code = _BASES.get(to_int(base))
    if code is None:
        raise failure("Invalid Base.", inner="System.ArgumentException")
    number = int(value)
    if number < 0 and code != "d":
        number += 1 << (64 if isinstance(value, Int64) else 32)
    return format(number, code)


def _plain(name: str) -> Method:
    return static(lambda value, *_: convert(value, TypeRef(name)), any_value, any_value, least=1)


def _boolean(value: object) -> object:
    if isinstance(value, str):
        if value.strip().lower() not in {"true", "false"}:
            raise _format(f"String '{value[:100]}' was not recognized as a valid Boolean.")
        return value.strip().lower() == "true"
    return convert(value, TypeRef("System.Boolean"))


def _hexadecimal(value: str) -> TypedArray:
    try:
        return bytes_of(bytes.fromhex(value))
    except ValueError as wrong:
        raise _format("The input is not a valid hex string as it contains a non-hex character.") from wrong


CONVERT = TypeSpec(
    name="System.Convert",
    aliases=("convert",),
    static_methods={
        "ToString": static(_to_text, any_value, any_value, least=1),
        "ToInt16": _plain("System.Int16"),
        "ToInt32": _whole("System.Int32", int),
        "ToInt64": _whole("System.Int64", Int64),
        "ToByte": _whole("System.Byte", Byte),
        "ToDouble": _plain("System.Double"),
        "ToDecimal": _plain("System.Decimal"),
        "ToSingle": _plain("System.Single"),
        "ToBoolean": static(_boolean, any_value),
        "ToChar": _plain("System.Char"),
        "ToDateTime": _plain("System.DateTime"),
        "ToBase64String": static(_to_base64, any_value, any_value, least=1),
        "FromBase64String": static(_from_base64, to_string),
        "ToHexString": static(lambda value: to_bytes(value).hex().upper(), any_value),
        "FromHexString": static(_hexadecimal, to_string),
    },
)


def _dashed(value: object) -> str:
    return "-".join(f"{one:02X}" for one in to_bytes(value))


def _laid_out(width: int) -> Callable[[int], TypedArray]:
    return lambda value: bytes_of((int(value) % (1 << 8 * width)).to_bytes(width, "little"))


def _number_bytes(value: object) -> TypedArray:
    return _laid_out(8 if isinstance(value, Int64) else 4)(to_int(value) if not isinstance(value, Int64) else value)


BIT_CONVERTER = TypeSpec(
    name="System.BitConverter",
    aliases=("bitconverter",),
    static_methods={
        "ToString": static(_dashed, any_value),
        "GetBytes": static(_number_bytes, any_value),
    },
    static_properties={"IsLittleEndian": lambda: True},
)
