"""Which .NET type a value has."""

from decimal import Decimal

from certloom.scripting.powershell.values.collections import (
    Entry,
    Hashtable,
    ListValue,
    MemberView,
    Property,
    PSObject,
    TypedArray,
)
from certloom.scripting.powershell.values.errors import ExceptionValue
from certloom.scripting.powershell.values.numbers import (
    BigInteger,
    Byte,
    Char,
    Int16,
    Int64,
    SByte,
    Single,
    UInt16,
    UInt32,
    UInt64,
)
from certloom.scripting.powershell.values.objects import (
    Culture,
    Encoding,
    Enumeration,
    EnumValue,
    ErrorRecord,
    GuidValue,
    MailAddress,
    MessageRecord,
    RandomValue,
    RefValue,
    ScriptBlock,
    StringBuilder,
    TypeRef,
    UriValue,
    VersionValue,
)
from certloom.scripting.powershell.values.patterns import Capture, Pattern
from certloom.scripting.powershell.values.times import DateTimeOffsetValue, DateTimeValue, TimeSpanValue
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["kind_name", "type_of"]

_NAMES: dict[type, str] = {
    str: "System.String",
    bool: "System.Boolean",
    int: "System.Int32",
    Int64: "System.Int64",
    float: "System.Double",
    Decimal: "System.Decimal",
    Single: "System.Single",
    Byte: "System.Byte",
    SByte: "System.SByte",
    Int16: "System.Int16",
    UInt16: "System.UInt16",
    UInt32: "System.UInt32",
    UInt64: "System.UInt64",
    BigInteger: "System.Numerics.BigInteger",
    DateTimeOffsetValue: "System.DateTimeOffset",
    Enumeration: "System.Collections.IEnumerator",
    RefValue: "System.Management.Automation.PSReference",
    Culture: "System.Globalization.CultureInfo",
    Char: "System.Char",
    Property: "System.Management.Automation.PSNoteProperty",
    MemberView: "System.Management.Automation.PSMemberSet",
    Entry: "System.Collections.DictionaryEntry",
    DateTimeValue: "System.DateTime",
    TimeSpanValue: "System.TimeSpan",
    GuidValue: "System.Guid",
    VersionValue: "System.Version",
    UriValue: "System.Uri",
    MailAddress: "System.Net.Mail.MailAddress",
    Encoding: "System.Text.Encoding",
    StringBuilder: "System.Text.StringBuilder",
    RandomValue: "System.Random",
    ScriptBlock: "System.Management.Automation.ScriptBlock",
    ErrorRecord: "System.Management.Automation.ErrorRecord",
    Pattern: "System.Text.RegularExpressions.Regex",
    TypeRef: "System.RuntimeType",
}


def type_of(value: object) -> TypeRef:
    """The type of a value; what is not listed is an object."""
    if type(value) is list:
        return TypeRef("System.Array", (), TypeRef("System.Object"))
    if isinstance(value, TypedArray):
        return TypeRef("System.Array", (), TypeRef(value.element))
    if isinstance(value, ListValue):
        return TypeRef(value.type, (TypeRef(value.element),) if value.element else ())
    if isinstance(value, Hashtable | PSObject | ExceptionValue | EnumValue | Capture | MessageRecord | XmlNode):
        return TypeRef(value.type)
    return TypeRef(_NAMES.get(type(value), "System.Object"))


def kind_name(value: object) -> str:
    """The full name of the type of a value."""
    return type_of(value).full_name()
