"""Values as text: what a string in double quotes shows, in the invariant culture."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from certloom.scripting.powershell.values.collections import (
    Entry,
    Hashtable,
    ListValue,
    MemberView,
    Properties,
    Property,
    PSObject,
    TypedArray,
)
from certloom.scripting.powershell.values.errors import ExceptionValue, room_for
from certloom.scripting.powershell.values.floats import decimal_text, double_text
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.numbers import WHOLE_TYPES, Char, Single
from certloom.scripting.powershell.values.objects import (
    Culture,
    EnumValue,
    ErrorRecord,
    GuidValue,
    MailAddress,
    MessageRecord,
    Nothing,
    ScriptBlock,
    StringBuilder,
    TypeRef,
    UriValue,
    VersionValue,
)
from certloom.scripting.powershell.values.patterns import Capture, Pattern
from certloom.scripting.powershell.values.times import (
    TICKS_PER_DAY,
    TICKS_PER_SECOND,
    DateTimeOffsetValue,
    DateTimeValue,
    TimeSpanValue,
    to_datetime,
)
from certloom.scripting.powershell.values.type_names import ACCELERATORS
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["distance", "joined", "offset_text", "span_text", "text"]


def text(value: object) -> str:
    """The text of any value; the items of an array stand with blanks between them."""
    if type(value) is str:
        return value
    found = _TEXTS.get(type(value))
    return kind_name(value) if found is None else found(value)


def joined(items: list[object], separator: str = " ") -> str:
    """The texts of items with a separator between them; an array among them is not opened again."""
    parts = []
    size = 0
    for item in items:
        part = text(item) if not isinstance(item, list | ListValue) else kind_name(item)
        size += len(part) + len(separator)
        room_for(size)
        parts.append(part)
    return separator.join(parts)


def span_text(value: TimeSpanValue) -> str:
    """The constant format ``[-][d.]hh:mm:ss[.fffffff]``."""
    ticks = abs(value.ticks)
    days, rest = divmod(ticks, TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    sign = "-" if value.ticks < 0 else ""
    return f"{sign}{f'{days}.' if days else ''}{clock}{f'.{fraction:07d}' if fraction else ''}"


def type_text(ref: TypeRef) -> str:
    """A type by its short name where PowerShell has one."""
    if ref.element is not None:
        return f"{type_text(ref.element)}[]"
    return ACCELERATORS.get(ref.name, ref.full_name()) if not ref.arguments else ref.full_name()


def _date(value: DateTimeValue) -> str:
    moment: datetime = to_datetime(value)
    return f"{moment.month:02d}/{moment.day:02d}/{moment.year:04d} {moment:%H:%M:%S}"


def offset_text(value: DateTimeOffsetValue) -> str:
    """Date, time and the distance from UTC."""
    return f"{_date(DateTimeValue(value.ticks))} {distance(value.offset)}"


def distance(offset: int) -> str:
    """A distance from UTC as ``+hh:mm``."""
    minutes = abs(offset) // (60 * TICKS_PER_SECOND)
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def _object(value: PSObject) -> str:
    parts = [f"{one.name}={'' if isinstance(one.value, PSObject) else text(one.value)}" for one in value]
    room_for(sum(len(part) + 2 for part in parts))
    return f"@{{{'; '.join(parts)}}}"


def _property(value: Property) -> str:
    return f"{kind_name(value.value)} {value.name}={text(value.value)}"


def _mail(value: MailAddress) -> str:
    address = f"{value.user}@{value.host}"
    return f'"{value.display}" <{address}>' if value.display else address


def _error(value: ErrorRecord) -> str:
    return value.exception.message


def _exception(value: ExceptionValue) -> str:
    return f"{value.type}: {value.message}"


_TEXTS: dict[type, Callable[..., str]] = {
    type(None): lambda _: "",
    Nothing: lambda _: "",
    bool: lambda value: "True" if value else "False",
    float: double_text,
    Single: double_text,
    Decimal: decimal_text,
    Char: str.__str__,
    list: joined,
    TypedArray: joined,
    ListValue: lambda value: joined(value.items),
    Hashtable: kind_name,
    Property: _property,
    Properties: lambda value: joined(value.items),
    MemberView: lambda value: text(value.target),
    Entry: kind_name,
    PSObject: _object,
    DateTimeValue: _date,
    TimeSpanValue: span_text,
    DateTimeOffsetValue: offset_text,
    Culture: lambda _: "",
    GuidValue: lambda value: str(value.value),
    VersionValue: VersionValue.text,
    UriValue: lambda value: value.original,
    MailAddress: _mail,
    EnumValue: lambda value: value.name,
    StringBuilder: StringBuilder.text,
    XmlNode: XmlNode.local,
    MessageRecord: lambda value: value.text,
    TypeRef: type_text,
    ScriptBlock: lambda value: value.text,
    ErrorRecord: _error,
    ExceptionValue: _exception,
    Pattern: lambda value: value.source,
    Capture: lambda value: value.value,
    **dict.fromkeys(WHOLE_TYPES, int.__repr__),
}
