"""Metadata fields: what people may note about certificates, and what a value must look like.

Source: api-surface reference, 6.3. A value is text in the canonical form of its field's type; an empty one is none.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Final

import msgspec
import regex

from certloom.errors import Invalid

__all__ = [
    "AtEnrollment",
    "MetadataField",
    "MetadataInvalid",
    "MetadataType",
    "canonical_metadata",
    "canonical_value",
    "field_faults",
    "with_defaults",
]

_LONGEST_TEXT: Final = 400
_LONGEST_BIG_TEXT: Final = 4000
_LONGEST_PATTERN: Final = 1000
_PATTERN_SECONDS: Final = 0.2
_ADDRESS: Final = re.compile(r"[^\s@;,<>\"]{1,64}@[^\s@;,<>\"]{1,255}")


class MetadataInvalid(Invalid):
    """Metadata that no field has, that is missing, or that is not what its field asks for."""


class MetadataType(IntEnum):
    """What a field holds; the numbers are those of the wire."""

    STRING = 1
    INTEGER = 2
    DATE = 3
    BOOLEAN = 4
    MULTIPLE_CHOICE = 5
    BIG_TEXT = 6
    EMAIL = 7


class AtEnrollment(IntEnum):
    """What a field is to those who ask for certificates; the numbers are those of the wire.

    A hidden one is not offered by a form and is taken all the same.
    """

    OPTIONAL = 0
    REQUIRED = 1
    HIDDEN = 2


class MetadataField(msgspec.Struct, frozen=True, kw_only=True):
    """A field. ``validation`` is a regular expression a text must match, and ``message`` what is said when it does not.

    ``options`` are the values of a multiple choice.
    """

    id: int
    name: str
    description: str = ""
    type: MetadataType = MetadataType.STRING
    hint: str = ""
    validation: str = ""
    enrollment: AtEnrollment = AtEnrollment.OPTIONAL
    message: str = ""
    options: tuple[str, ...] = ()
    default: str = ""
    display_order: int = 0
    case_sensitive: bool = False


def field_faults(field: MetadataField) -> tuple[str, ...]:
    """What keeps a field from being used, one sentence each."""
    return tuple(_field_faults(field))


def with_defaults(fields: Sequence[MetadataField], given: Mapping[str, object]) -> dict[str, object]:
    """``given`` with the default of every field that it says nothing about."""
    said = {name.casefold() for name, value in given.items() if _text(value)}
    defaults = {field.name: field.default for field in fields if field.default and field.name.casefold() not in said}
    return {**{name: value for name, value in given.items() if name.casefold() in said}, **defaults}


def canonical_metadata(fields: Sequence[MetadataField], given: Mapping[str, object]) -> dict[str, str]:
    """The values that say something, under the fields' names and in canonical form.

    Raises MetadataInvalid with every fault: an unknown or repeated name, a value that does not fit, a required one
    that is missing.
    """
    known = {field.name.casefold(): field for field in fields}
    values: dict[str, str] = {}
    faults: list[str] = []
    for name, value in given.items():
        field, text = known.get(name.casefold()), _text(value)
        if not text:
            continue
        if field is None:
            faults.append(f"{name[:100]!r} is no metadata field; known: {', '.join(f.name for f in fields) or 'none'}.")
        elif field.name in values:
            faults.append(f"{field.name} is given more than once, in different spellings.")
        else:
            try:
                values[field.name] = canonical_value(field, text)
            except MetadataInvalid as error:
                faults.append(error.message)
    faults.extend(
        f"{field.name} is required."
        for field in fields
        if field.enrollment is AtEnrollment.REQUIRED and field.name not in values
    )
    if faults:
        raise MetadataInvalid(f"The metadata cannot be used. {' '.join(faults)} GET /MetadataFields lists the fields.")
    return values


def canonical_value(field: MetadataField, value: object) -> str:
    """One value in canonical form; empty for none. Raises MetadataInvalid."""
    text = _text(value)
    if not text:
        return ""
    if not text.isprintable() and field.type is not MetadataType.BIG_TEXT:
        raise MetadataInvalid(f"{field.name} must not hold line breaks or control characters.")
    return _READERS[field.type](field, text)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    return "" if value is None else str(value).strip()


def _string(field: MetadataField, text: str) -> str:
    _check_length(field, text, _LONGEST_TEXT)
    if field.validation and not _matches(field, text):
        why = field.message or f"it does not match {field.validation!r}."
        raise MetadataInvalid(f"{field.name} cannot be {text!r}: {why}")
    return text


def _big_text(field: MetadataField, text: str) -> str:
    _check_length(field, text, _LONGEST_BIG_TEXT)
    return text


def _integer(field: MetadataField, text: str) -> str:
    if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        raise MetadataInvalid(f"{field.name} must be a whole number, not {text[:60]!r}.")
    return str(int(text))


def _date(field: MetadataField, text: str) -> str:
    try:
        return date.fromisoformat(text[: len("2026-01-31")]).isoformat()
    except ValueError as error:
        raise MetadataInvalid(f"{field.name} must be a date such as 2026-01-31, not {text[:60]!r}.") from error


def _boolean(field: MetadataField, text: str) -> str:
    if text.casefold() not in {"true", "false"}:
        raise MetadataInvalid(f"{field.name} must be True or False, not {text[:60]!r}.")
    return text.casefold().capitalize()


def _choice(field: MetadataField, text: str) -> str:
    chosen = next((option for option in field.options if option.casefold() == text.casefold()), None)
    if chosen is None:
        raise MetadataInvalid(f"{field.name} must be one of {', '.join(field.options)}, not {text[:60]!r}.")
    return chosen


def _email(field: MetadataField, text: str) -> str:
    addresses = [one.strip() for one in re.split("[;,]", text) if one.strip()]
    _check_length(field, text, _LONGEST_TEXT)
    if not addresses or not all(map(_ADDRESS.fullmatch, addresses)):
        raise MetadataInvalid(f"{field.name} must be mail addresses, parted by semicolons, not {text[:60]!r}.")
    return ";".join(addresses)


_READERS: Final[Mapping[MetadataType, Callable[[MetadataField, str], str]]] = {
    MetadataType.STRING: _string,
    MetadataType.INTEGER: _integer,
    MetadataType.DATE: _date,
    MetadataType.BOOLEAN: _boolean,
    MetadataType.MULTIPLE_CHOICE: _choice,
    MetadataType.BIG_TEXT: _big_text,
    MetadataType.EMAIL: _email,
}


def _check_length(field: MetadataField, text: str, longest: int) -> None:
    if len(text) > longest:
        raise MetadataInvalid(f"{field.name} has {len(text)} characters; at most {longest} are kept.")


def _matches(field: MetadataField, text: str) -> bool:
    """Whether the expression is found in the text; one that takes too long to tell is not."""
    flags = 0 if field.case_sensitive else regex.IGNORECASE
    try:
        return regex.search(field.validation, text, flags=flags, timeout=_PATTERN_SECONDS) is not None
    except TimeoutError as error:
        raise MetadataInvalid(
            f"{field.name}: its expression takes too long for this value. Use a shorter one."
        ) from error


def _field_faults(field: MetadataField) -> Iterator[str]:
    if not field.name.strip() or not field.name.isprintable() or len(field.name) > _LONGEST_TEXT or ")" in field.name:
        yield "Name: must be a line of text without a closing parenthesis, which would end a token."
    if field.validation:
        if field.type is not MetadataType.STRING:
            yield "Validation: only a string is matched with an expression."
        elif len(field.validation) > _LONGEST_PATTERN or not _compiles(field.validation):
            yield f"Validation: must be a regular expression of at most {_LONGEST_PATTERN} characters."
    if (field.type is MetadataType.MULTIPLE_CHOICE) != bool(field.options):
        yield "Options: a multiple choice needs some, and no other type has any."
    elif len({option.casefold() for option in field.options}) != len(field.options):
        yield "Options: each stands there once, whatever its case."
    elif field.default and (not field.validation or _compiles(field.validation)):
        yield from _default_faults(field)


def _default_faults(field: MetadataField) -> Iterator[str]:
    try:
        canonical_value(field, field.default)
    except MetadataInvalid as error:
        yield f"DefaultValue: {error.message}"


def _compiles(pattern: str) -> bool:
    try:
        regex.compile(pattern)
    except regex.error:
        return False
    return True
