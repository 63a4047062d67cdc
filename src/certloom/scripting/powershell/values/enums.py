"""The enumerations that scripts may name, written out."""

from certloom.scripting.powershell.values.numeric import is_number, no_conversion
from certloom.scripting.powershell.values.objects import EnumValue
from certloom.scripting.powershell.values.text import text

__all__ = ["ENUMS", "enum_member", "enum_of"]


def _counted(names: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(names.split())}


ENUMS: dict[str, dict[str, int]] = {
    "System.DayOfWeek": _counted("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
    "System.DateTimeKind": _counted("Unspecified Utc Local"),
    "System.StringComparison": _counted(
        "CurrentCulture CurrentCultureIgnoreCase InvariantCulture InvariantCultureIgnoreCase Ordinal OrdinalIgnoreCase"
    ),
    "System.StringSplitOptions": {"None": 0, "RemoveEmptyEntries": 1, "TrimEntries": 2},
    "System.MidpointRounding": _counted("ToEven AwayFromZero ToZero ToNegativeInfinity ToPositiveInfinity"),
    "System.Text.RegularExpressions.RegexOptions": {
        "None": 0,
        "IgnoreCase": 1,
        "Multiline": 2,
        "ExplicitCapture": 4,
        "Compiled": 8,
        "Singleline": 16,
        "IgnorePatternWhitespace": 32,
        "CultureInvariant": 512,
    },
    "System.Base64FormattingOptions": {"None": 0, "InsertLineBreaks": 1},
    "System.Globalization.NumberStyles": {
        "None": 0,
        "AllowLeadingWhite": 1,
        "AllowTrailingWhite": 2,
        "AllowLeadingSign": 4,
        "Integer": 7,
        "AllowDecimalPoint": 32,
        "AllowThousands": 64,
        "Number": 111,
        "AllowExponent": 128,
        "Float": 167,
        "Any": 511,
        "AllowHexSpecifier": 512,
        "HexNumber": 515,
    },
    "System.Globalization.DateTimeStyles": {
        "None": 0,
        "AllowWhiteSpaces": 7,
        "NoCurrentDateDefault": 8,
        "AdjustToUniversal": 16,
        "AssumeLocal": 32,
        "AssumeUniversal": 64,
        "RoundtripKind": 128,
    },
    "System.Text.NormalizationForm": {"FormC": 1, "FormD": 2, "FormKC": 5, "FormKD": 6},
    "System.UriKind": _counted("RelativeOrAbsolute Absolute Relative"),
}


def enum_of(kind: str, value: int) -> EnumValue:
    """The member with a value, or the members that add up to it."""
    members = ENUMS[kind]
    for name, number in members.items():
        if number == value:
            return EnumValue(kind, name, value)
    names = [name for name, number in members.items() if number and value & number == number]
    return EnumValue(kind, ", ".join(names) or str(value), value)


def enum_member(kind: str, value: object) -> EnumValue:
    """The cast to an enumeration: from a name, several names with commas, or a number."""
    if isinstance(value, EnumValue) and value.type == kind:
        return value
    if is_number(value) and isinstance(value, int):
        return enum_of(kind, int(value))
    total = 0
    for part in text(value).split(","):
        total |= _named(kind, part.strip(), value)
    return enum_of(kind, total)


def _named(kind: str, part: str, value: object) -> int:
    for name, number in ENUMS[kind].items():
        if name.lower() == part.lower():
            return number
    names = ",".join(ENUMS[kind])
    reason = (
        f"Unable to match the identifier name {part} to a valid enumerator name. "
        f"Specify one of the following enumerator names and try again: {names}"
    )
    raise no_conversion(value, kind, reason)
