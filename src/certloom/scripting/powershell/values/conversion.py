"""Casts: any value to any type that scripts may name (about_Type_Conversion)."""

import math
import re
from collections.abc import Callable
from uuid import UUID

from certloom.scripting.powershell.values.addresses import mail_address, uri
from certloom.scripting.powershell.values.collections import Hashtable, ListValue, PSObject, TypedArray, unique
from certloom.scripting.powershell.values.enums import ENUMS, enum_member
from certloom.scripting.powershell.values.errors import MOST_ITEMS, ExceptionValue, room_for
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.moments import no_null, to_date, to_offset, to_span
from certloom.scripting.powershell.values.numbers import (
    BigInteger,
    Byte,
    Char,
    Int16,
    Int64,
    SByte,
    UInt16,
    UInt32,
    UInt64,
)
from certloom.scripting.powershell.values.numeric import (
    no_conversion,
    number_of,
    to_decimal,
    to_double,
    to_single,
    to_whole,
)
from certloom.scripting.powershell.values.objects import (
    ErrorRecord,
    GuidValue,
    MailAddress,
    Nothing,
    RefValue,
    ScriptBlock,
    TypeRef,
    UriValue,
    VersionValue,
)
from certloom.scripting.powershell.values.patterns import Pattern, pattern
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth
from certloom.scripting.powershell.xml.nodes import XmlNode
from certloom.scripting.powershell.xml.reading import read_document

__all__ = ["COLLECTIONS", "convert", "items_of", "to_int", "to_string"]

COLLECTIONS = {
    "System.Collections.ArrayList": "System.Collections.ArrayList",
    "System.Collections.Generic.List": "System.Collections.Generic.List`1",
    "System.Collections.Generic.HashSet": "System.Collections.Generic.HashSet`1",
    "System.Collections.Generic.Queue": "System.Collections.Generic.Queue`1",
    "System.Collections.Generic.Stack": "System.Collections.Generic.Stack`1",
}
_DICTIONARIES = frozenset({"System.Collections.Hashtable", "System.Collections.IDictionary"})
_ANY = frozenset({"System.Object", "System.Management.Automation.PSObject"})


def to_string(value: object) -> str:
    """The cast to string."""
    return text(value)


def _to_char(value: object) -> Char:
    if isinstance(value, Char):
        return value
    if isinstance(value, str):
        if len(value) != 1:
            raise no_conversion(value, "System.Char", "String must be exactly one character long.")
        return Char(value)
    return Char(chr(to_whole(UInt16)(value)))


_WHOLE_TEXT = re.compile(r"\s*[+-]?\d{1,3600}\s*", re.ASCII)


def _to_big(value: object) -> BigInteger:
    if isinstance(value, BigInteger):
        return value
    if isinstance(value, str) and not isinstance(value, Char):
        if _WHOLE_TEXT.fullmatch(value) is None:
            reason = "The value could not be parsed."
            raise no_conversion(value, "System.Numerics.BigInteger", reason)
        return BigInteger(value)
    number = number_of(value, "System.Numerics.BigInteger")
    if isinstance(number, float) and not math.isfinite(number):
        raise no_conversion(value, "System.Numerics.BigInteger", "BigInteger cannot represent infinity.")
    return BigInteger(int(number))


def _to_reference(value: object) -> RefValue:
    if isinstance(value, RefValue):
        return value
    cell = [value]
    return RefValue(lambda: cell[0], lambda given: cell.__setitem__(0, given))


def _to_guid(value: object) -> GuidValue:
    if isinstance(value, GuidValue):
        return value
    try:
        return GuidValue(UUID(text(value).strip("(){}"))) if isinstance(value, str) else _fail(value, "System.Guid")
    except ValueError as wrong:
        raise no_conversion(value, "System.Guid", "Unrecognized Guid format.") from wrong


def _fail(value: object, target: str) -> GuidValue:
    raise no_null(value, target)


def _to_version(value: object) -> VersionValue:
    if isinstance(value, VersionValue):
        return value
    parts = text(value).strip().split(".")
    if not 2 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):  # noqa: PLR2004
        raise no_conversion(value, "System.Version", "Version string portion was too short or too long.")
    return VersionValue(*map(int, parts))


def _to_uri(value: object) -> UriValue:
    return value if isinstance(value, UriValue) else uri(text(value))


def _to_mail(value: object) -> MailAddress:
    if isinstance(value, MailAddress):
        return value
    read = mail_address(text(value))
    if read is None:
        reason = "The specified string is not in the form required for an e-mail address."
        raise no_conversion(value, "System.Net.Mail.MailAddress", reason)
    return read


def _to_pattern(value: object) -> Pattern:
    return value if isinstance(value, Pattern) else pattern(text(value))


def _to_object(value: object) -> object:
    if not isinstance(value, Hashtable):
        return value
    made = PSObject()
    for entry in value:
        if text(entry.key).lower() != "pstypename":
            made.add(text(entry.key), entry.value)
    return made


def _to_table(value: object) -> object:
    if value is None or (isinstance(value, Hashtable) and value.type == "System.Collections.Hashtable"):
        return value
    if not isinstance(value, Hashtable):
        raise no_conversion(value, "System.Collections.Hashtable")
    made = value.copy()
    made.ordered, made.type = False, "System.Collections.Hashtable"
    return made


def _to_ordered(value: object) -> object:
    if not isinstance(value, Hashtable):
        raise no_conversion(value, "System.Collections.Specialized.OrderedDictionary")
    made = value.copy()
    made.ordered, made.type = True, "System.Collections.Specialized.OrderedDictionary"
    return made


def _to_block(value: object) -> ScriptBlock:
    if isinstance(value, ScriptBlock):
        return value
    raise no_conversion(value, "System.Management.Automation.ScriptBlock")


def _to_xml(value: object) -> XmlNode | None:
    if value is None or (isinstance(value, XmlNode) and value.kind == "Document"):
        return value
    return read_document(text(value))


def _to_exception(value: object) -> ExceptionValue:
    if isinstance(value, ExceptionValue):
        return value
    if isinstance(value, ErrorRecord):
        return value.exception
    return ExceptionValue("System.Exception", text(value))


to_int = to_whole(int)

_CASTS: dict[str, Callable[..., object]] = {
    "System.String": to_string,
    "System.Boolean": truth,
    "System.Management.Automation.SwitchParameter": truth,
    "System.Int32": to_int,
    "System.Int64": to_whole(Int64),
    "System.Byte": to_whole(Byte),
    "System.SByte": to_whole(SByte),
    "System.Int16": to_whole(Int16),
    "System.UInt16": to_whole(UInt16),
    "System.UInt32": to_whole(UInt32),
    "System.UInt64": to_whole(UInt64),
    "System.Double": to_double,
    "System.Single": to_single,
    "System.Decimal": to_decimal,
    "System.Char": _to_char,
    "System.DateTime": to_date,
    "System.TimeSpan": to_span,
    "System.Guid": _to_guid,
    "System.Version": _to_version,
    "System.Uri": _to_uri,
    "System.Net.Mail.MailAddress": _to_mail,
    "System.Text.RegularExpressions.Regex": _to_pattern,
    "System.Management.Automation.PSCustomObject": _to_object,
    "System.Collections.Specialized.OrderedDictionary": _to_ordered,
    "System.Management.Automation.ScriptBlock": _to_block,
    "System.Exception": _to_exception,
    "System.Void": lambda _: None,
    "System.DateTimeOffset": to_offset,
    "System.Numerics.BigInteger": _to_big,
    "System.Management.Automation.PSReference": _to_reference,
    "System.Xml.XmlDocument": _to_xml,
    **dict.fromkeys(_DICTIONARIES, _to_table),
    **dict.fromkeys(_ANY, lambda value: value),
}


def items_of(value: object) -> list[object]:
    """The items of an array or list; any other value is the one item, nothing is none."""
    if isinstance(value, list):
        return value
    if isinstance(value, ListValue):
        return value.items
    return [] if isinstance(value, Nothing) else [value]


def convert(value: object, ref: TypeRef) -> object:
    """A value as a value of a type; raises the error of PowerShell's cast."""
    if isinstance(value, Nothing):
        value = None
    if ref.element is not None:
        return _to_array(value, ref.element)
    cast = _CASTS.get(ref.name)
    if cast is not None:
        return cast(value)
    if ref.name == "System.Nullable`1" and ref.arguments:
        return None if value is None or value == "" else convert(value, ref.arguments[0])
    if ref.name in ENUMS:
        return enum_member(ref.name, value)
    return _to_collection(value, ref)


def _to_array(value: object, element: TypeRef) -> object:
    if value is None:
        return None
    whole = element.name == "System.Char" and type(value) is str
    items = list(value) if whole and isinstance(value, str) else items_of(value)
    room_for(len(items), MOST_ITEMS)
    if element.name in _ANY and element.element is None:
        return value if type(value) is list else list(items)
    return TypedArray([convert(item, element) for item in items], element.full_name())


def _to_collection(value: object, ref: TypeRef) -> object:
    if value is None or kind_name(value) == ref.full_name():
        return value
    if ref.name == "System.Array":
        return list(items_of(value))
    if ref.name == "System.Collections.ArrayList":
        return ListValue(list(items_of(value)))
    if ref.name in COLLECTIONS.values() and ref.arguments:
        items = [convert(item, ref.arguments[0]) for item in items_of(value)]
        element = ref.arguments[0].full_name()
        return unique(items, ref.name, element) if "HashSet" in ref.name else ListValue(items, ref.name, element)
    if ref.name.endswith("Exception"):
        return value if isinstance(value, ExceptionValue) else ExceptionValue(ref.name, text(value))
    raise no_conversion(value, ref.full_name())
