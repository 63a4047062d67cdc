"""System.String."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

from certloom.scripting.powershell.formatting.composite import composite
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.spec import TypeSpec, no_overload, static, takes
from certloom.scripting.powershell.types.splitting import split
from certloom.scripting.powershell.values.collation import compare_text
from certloom.scripting.powershell.values.collections import TypedArray
from certloom.scripting.powershell.values.conversion import convert, items_of, to_int
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.errors import MOST_ITEMS, ScriptError, failure, room_for
from certloom.scripting.powershell.values.numbers import Char
from certloom.scripting.powershell.values.objects import EnumValue, TypeRef
from certloom.scripting.powershell.values.text import joined, text

__all__ = ["STRING", "substring"]

_BLANKS = None
_MOST_SEPARATORS = 256
_CHARS = TypeRef("System.Array", (), TypeRef("System.Char"))


_FORMS: dict[str, Literal["NFC", "NFD", "NFKC", "NFKD"]] = {
    "formc": "NFC",
    "formd": "NFD",
    "formkc": "NFKC",
    "formkd": "NFKD",
}


def _normalized(value: str, form: str = "FormC") -> str:
    name = _FORMS.get(form.lower())
    if name is None:
        raise failure(f"Invalid or unsupported normalization form '{form[:20]}'.", inner="System.ArgumentException")
    room_for(len(value) * 4)
    return unicodedata.normalize(name, value)


def out_of_range(parameter: str, reason: str) -> ScriptError:
    """The error of an index outside a text."""
    return failure(f"{reason} (Parameter '{parameter}')", inner="System.ArgumentOutOfRangeException")


def substring(value: str, start: int, length: int | None = None) -> str:
    """Part of a text; refuses to reach beyond its end."""
    if start < 0:
        raise out_of_range("startIndex", "StartIndex cannot be less than zero.")
    if start > len(value):
        raise out_of_range("startIndex", "startIndex cannot be larger than length of string.")
    if length is None:
        return value[start:]
    if length < 0:
        raise out_of_range("length", "Length cannot be less than zero.")
    if start + length > len(value):
        raise out_of_range("length", "Index and length must refer to a location within the string.")
    return value[start : start + length]


def _ignores_case(mode: object) -> bool:
    if isinstance(mode, bool):
        return mode
    return enum_member("System.StringComparison", mode).name.endswith("IgnoreCase")


def _tested(test: Callable[[str, str], bool]) -> Callable[..., bool]:
    def method(value: str, part: str, mode: object = None, _: object = None) -> bool:
        if mode is not None and _ignores_case(mode):
            return test(value.lower(), part.lower())
        return test(value, part)

    return method


def _found(find: Callable[[str, str, int], int]) -> Callable[..., int]:
    def method(value: str, part: str, start: object = None, mode: object = None) -> int:
        if isinstance(start, EnumValue | str):
            start, mode = None, start
        if mode is not None and _ignores_case(mode):
            value, part = value.lower(), part.lower()
        return find(value, part, 0 if start is None else to_int(start))

    return method


def _last(value: str, part: str, start: int) -> int:
    return value.rfind(part) if start == 0 else value.rfind(part, 0, start + 1)


def _char_set(arguments: Sequence[object]) -> str:
    items = items_of(arguments[0]) if len(arguments) == 1 else list(arguments)
    if len(items) == 1 and isinstance(items[0], str):
        wanted = set(str(items[0]))
    else:
        wanted = {str(convert(item, TypeRef("System.Char"))) for item in items}
    room_for(len(wanted), _MOST_SEPARATORS)
    return "".join(wanted)


def _trimmed(trim: Callable[[str, str | None], str]) -> Callable[[Session, object, Sequence[object]], object]:
    def method(_: Session, value: object, arguments: Sequence[object]) -> object:
        return trim(text(value), _char_set(arguments) if arguments else _BLANKS)

    return method


def _any_of(step: int) -> Callable[[Session, object, Sequence[object]], object]:
    def method(_: Session, value: object, arguments: Sequence[object]) -> object:
        if len(arguments) != 1:
            raise no_overload("IndexOfAny", len(arguments))
        wanted = _char_set(arguments)
        places = [at for at, one in enumerate(text(value)) if one in wanted]
        return places[step] if places else -1

    return method


def _replace(value: str, old: str, new: object, mode: object = None) -> str:
    other = text(new)
    if not old:
        raise failure("String cannot be of zero length. (Parameter 'oldValue')", inner="System.ArgumentException")
    if mode is not None and _ignores_case(mode):
        pieces = _split_ignoring_case(value, old)
        room_for(len(value) + (len(pieces) - 1) * len(other))
        return other.join(pieces)
    room_for(len(value) + value.count(old) * len(other))
    return value.replace(old, other)


def _split_ignoring_case(value: str, old: str) -> list[str]:
    pieces: list[str] = []
    end = 0
    folded, wanted = value.lower(), old.lower()
    while (at := folded.find(wanted, end)) >= 0:
        pieces.append(value[end:at])
        end = at + len(wanted)
    return [*pieces, value[end:]]


def _padded(pad: Callable[[str, int, str], str]) -> Callable[..., str]:
    def method(value: str, width: int, fill: object = " ") -> str:
        if width < 0:
            raise out_of_range("totalWidth", "Non-negative number required.")
        room_for(width)
        return pad(value, width, text(fill)[:1] or " ")

    return method


def _remove(value: str, start: int, count: int | None = None) -> str:
    removed = substring(value, start, count)
    return value[:start] + value[start + len(removed) :]


def _insert(value: str, start: int, part: str) -> str:
    if not 0 <= start <= len(value):
        raise out_of_range(
            "startIndex",
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection.",
        )
    room_for(len(value) + len(part))
    return value[:start] + part + value[start:]


def _chars(value: str, start: int = 0, length: int | None = None) -> TypedArray:
    part = substring(value, start, length)
    room_for(len(part), MOST_ITEMS)
    return TypedArray([Char(one) for one in part], "System.Char")


def _char_at(value: str, index: int) -> Char:
    if not 0 <= index < len(value):
        raise failure("Index was outside the bounds of the array.", inner="System.IndexOutOfRangeException")
    return Char(value[index])


def _join(_: Session, __: object, arguments: Sequence[object]) -> object:
    if not arguments:
        raise no_overload("Join", 0)
    rest = list(arguments[1:])
    return joined(items_of(rest[0]) if len(rest) == 1 else rest, text(arguments[0]))


def _format(_: Session, __: object, arguments: Sequence[object]) -> object:
    if not arguments:
        raise no_overload("Format", 0)
    rest = list(arguments[1:])
    if len(rest) == 1 and isinstance(rest[0], list):
        rest = rest[0]
    return composite(text(arguments[0]), rest)


def _concat(_: Session, __: object, arguments: Sequence[object]) -> object:
    items = items_of(arguments[0]) if len(arguments) == 1 else list(arguments)
    return joined(items, "")


def _compare(left: str, right: str, mode: object = False) -> int:  # noqa: FBT002 - .NET's overload
    order = compare_text(left, right, case_sensitive=not _ignores_case(mode))
    return (order > 0) - (order < 0)


def _equals(left: object, right: object, mode: object = None) -> bool:
    first, second = text(left), text(right)
    if mode is not None and _ignores_case(mode):
        return first.lower() == second.lower()
    return first == second


def _new(value: object, count: object = None, length: object = None) -> str:
    if isinstance(value, list):
        whole = joined(value, "")
        return whole if count is None else substring(whole, to_int(count), None if length is None else to_int(length))
    times = 1 if count is None else to_int(count)
    room_for(max(times, 0))
    return text(value) * times


def _any(value: object) -> object:
    return value


_STRING: dict[str, Callable[[Session, object, Sequence[object]], object]] = {
    "Substring": takes(substring, to_int, to_int, least=1),
    "ToUpper": takes(lambda value, *_: value.upper(), _any, least=0),
    "ToLower": takes(lambda value, *_: value.lower(), _any, least=0),
    "ToUpperInvariant": takes(str.upper),
    "ToLowerInvariant": takes(str.lower),
    "Trim": _trimmed(str.strip),
    "TrimStart": _trimmed(str.lstrip),
    "TrimEnd": _trimmed(str.rstrip),
    "Split": split,
    "Replace": takes(_replace, text, _any, _any, least=2),
    "Contains": takes(_tested(lambda value, part: part in value), text, _any, least=1),
    "StartsWith": takes(_tested(str.startswith), text, _any, _any, least=1),
    "EndsWith": takes(_tested(str.endswith), text, _any, _any, least=1),
    "IndexOf": takes(_found(str.find), text, _any, _any, least=1),
    "LastIndexOf": takes(_found(_last), text, _any, _any, least=1),
    "IndexOfAny": _any_of(0),
    "LastIndexOfAny": _any_of(-1),
    "PadLeft": takes(_padded(str.rjust), to_int, _any, least=1),
    "PadRight": takes(_padded(str.ljust), to_int, _any, least=1),
    "Remove": takes(_remove, to_int, to_int, least=1),
    "Insert": takes(_insert, to_int, text),
    "ToCharArray": takes(_chars, to_int, to_int, least=0),
    "Chars": takes(_char_at, to_int),
    "get_Chars": takes(_char_at, to_int),
    "CompareTo": takes(_compare, text),
    "Equals": takes(_equals, _any, _any, least=1),
    "ToString": takes(lambda value, *_: value, _any, least=0),
    "Normalize": takes(_normalized, text, least=0),
    "GetEnumerator": takes(_chars),
    "Clone": takes(_any),
}

STRING = TypeSpec(
    name="System.String",
    aliases=("string",),
    bases=("System.IComparable", "System.Collections.IEnumerable"),
    properties={"Length": len},
    methods=_STRING,
    static_properties={"Empty": lambda: ""},
    static_methods={
        "IsNullOrEmpty": static(lambda value: not text(value), _any),
        "IsNullOrWhiteSpace": static(lambda value: not text(value).strip(), _any),
        "Join": _join,
        "Format": _format,
        "Concat": _concat,
        "Compare": static(_compare, text, text, _any, least=2),
        "CompareOrdinal": static(lambda left, right: (left > right) - (left < right), text, text),
        "Equals": static(_equals, _any, _any, _any, least=2),
    },
    new=static(_new, _any, _any, _any, least=1),
)
