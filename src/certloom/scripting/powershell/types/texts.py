"""StringBuilder, encodings, and the names that string methods take as options."""

from collections.abc import Callable

from certloom.scripting.powershell.formatting.composite import composite
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.convert import bytes_of, to_bytes
from certloom.scripting.powershell.types.spec import Method, TypeSpec, static, takes
from certloom.scripting.powershell.types.strings import substring
from certloom.scripting.powershell.values.collections import TypedArray
from certloom.scripting.powershell.values.conversion import to_int, to_string
from certloom.scripting.powershell.values.errors import room_for
from certloom.scripting.powershell.values.objects import Encoding, StringBuilder
from certloom.scripting.powershell.values.text import text

__all__ = ["TEXTS"]


def _append(target: StringBuilder, value: object, times: int = 1) -> StringBuilder:
    added = text(value) if times == 1 else text(value) * _room(text(value), times)
    room_for(target.size + len(added))
    target.parts.append(added)
    target.size += len(added)
    return target


def _room(value: str, times: int) -> int:
    room_for(len(value) * max(times, 0))
    return times


def _set(target: StringBuilder, value: str) -> StringBuilder:
    room_for(len(value))
    target.parts, target.size = [value], len(value)
    return target


def _insert(target: StringBuilder, at: int, value: object) -> StringBuilder:
    whole = target.text()
    return _set(target, substring(whole, 0, at) + text(value) + whole[at:])


def _remove(target: StringBuilder, at: int, count: int) -> StringBuilder:
    whole = target.text()
    substring(whole, at, count)
    return _set(target, whole[:at] + whole[at + count :])


def _replace(target: StringBuilder, old: str, new: str) -> StringBuilder:
    whole = target.text()
    room_for(len(whole) + whole.count(old) * len(new))
    return _set(target, whole.replace(old, new) if old else whole)


def _format(target: StringBuilder, form: str, *values: object) -> StringBuilder:
    return _append(target, composite(form, values))


BUILDER = TypeSpec(
    name="System.Text.StringBuilder",
    aliases=("stringbuilder",),
    properties={"Length": lambda target: target.size},
    methods={
        "Append": takes(_append, any_value, to_int, least=1),
        "AppendLine": takes(lambda target, value="": _append(target, text(value) + "\n"), any_value, least=0),
        "AppendFormat": takes(_format, to_string, any_value, any_value, any_value, least=2),
        "Insert": takes(_insert, to_int, any_value),
        "Remove": takes(_remove, to_int, to_int),
        "Replace": takes(_replace, to_string, to_string),
        "Clear": takes(lambda target: _set(target, "")),
        "ToString": takes(StringBuilder.text),
    },
    new=static(
        lambda value="", *_: StringBuilder("" if isinstance(value, int) else text(value)), any_value, any_value, least=0
    ),
)


def _encoded(target: Encoding, value: str) -> TypedArray:
    room_for(len(value) * 4)
    return bytes_of(value.encode(target.codec, "replace"))


def _decoded(target: Encoding, value: object) -> str:
    return to_bytes(value).decode(target.codec, "replace")


_CODECS = {
    "UTF8": Encoding("Unicode (UTF-8)", "utf-8"),
    "ASCII": Encoding("US-ASCII", "ascii"),
    "Unicode": Encoding("Unicode", "utf-16-le"),
    "BigEndianUnicode": Encoding("Unicode (Big-Endian)", "utf-16-be"),
    "UTF32": Encoding("Unicode (UTF-32)", "utf-32-le"),
    "Latin1": Encoding("Western European (ISO)", "latin-1"),
    "Default": Encoding("Unicode (UTF-8)", "utf-8"),
}
_METHODS: dict[str, Method] = {
    "GetBytes": takes(_encoded, to_string),
    "GetString": takes(_decoded, any_value),
    "GetByteCount": takes(lambda target, value: len(value.encode(target.codec, "replace")), to_string),
}


def _constant(value: Encoding) -> Callable[[], object]:
    return lambda: value


ENCODING = TypeSpec(
    name="System.Text.Encoding",
    aliases=("encoding",),
    properties={"EncodingName": lambda target: target.name, "WebName": lambda target: target.codec},
    methods=_METHODS,
    static_properties={name: _constant(codec) for name, codec in _CODECS.items()},
)

TEXTS = (BUILDER, ENCODING)
