"""The first JSON value of a request body, read with every limit that keeps a hostile one cheap."""

import json
import math
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from certloom.errors import Invalid

__all__ = ["BodyLimits", "BodyTooDeep", "BodyTooLarge", "BodyUnreadable", "NamesCollide", "read_json_value"]

BLANKS: Final = b" \t\r\n"
UTF8_MARK: Final = b"\xef\xbb\xbf"
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
# Possessive, and a text may lack its end: no input makes this expression look at a byte twice.
TEXT_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
INTEGERS: Final = range(-(2**63), 2**63)
MAX_INTEGER_CHARACTERS: Final = 20
SHOWN_NAME_CHARACTERS: Final = 60


class BodyLimits(msgspec.Struct, frozen=True):
    """How long (bytes) and how deeply nested (arrays and objects) a request body may be."""

    max_bytes: int
    max_depth: int


class BodyTooLarge(Invalid):
    """A request body of more bytes than the server reads."""


class BodyTooDeep(Invalid):
    """A request body whose arrays and objects are nested deeper than the server reads."""


class BodyUnreadable(Invalid):
    """A request body that is no JSON value the server can keep."""


class NamesCollide(Invalid):
    """An object with two names that are equal but for case: any choice between their values could be wrong."""


def read_json_value(raw: bytes, limits: BodyLimits) -> object:
    """The first JSON value in the bytes, as plain Python values; None when there is nothing but blanks.

    What follows the first value is ignored, since a client in production sends such a tail (reference: api-surface
    2.1). A UTF-8 byte order mark is skipped. Refused are: NaN and Infinity, integers beyond 64 bits, numbers beyond
    a double, lone surrogates and NUL characters, because neither the journal nor the databases can hold them.

    Raises:
        BodyTooLarge, BodyTooDeep, BodyUnreadable, NamesCollide: see there.
    """
    if len(raw) > limits.max_bytes:
        message = f"The body has {len(raw)} bytes, but {limits.max_bytes} are the limit. Send less at once."
        raise BodyTooLarge(message)
    body = raw.removeprefix(UTF8_MARK).lstrip(BLANKS)
    if not body:
        return None
    value = _decode(_text(body[: _end_of_first_value(body, limits.max_depth)]))
    if b"\\u" in body:
        _check_characters(value)
    return value


def _end_of_first_value(body: bytes, max_depth: int) -> int:
    """Where an array or object that begins the body ends. Anything else, and what has no end, is all of it."""
    if body[:1] not in (b"[", b"{"):
        return len(body)
    depth = 0
    for match in TEXT_OR_BRACKET.finditer(body):
        mark = match[0]
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
        if depth == 0:
            return match.end()
        if depth > max_depth:
            message = f"The body is nested deeper than {max_depth} levels at byte {match.start()}. Flatten it."
            raise BodyTooDeep(message)
    return len(body)


def _text(body: bytes) -> str:
    if body.startswith(UTF16_MARKS) or b"\x00" in body[:4]:
        message = "The body is not UTF-8 but looks like UTF-16 or UTF-32. Encode the JSON as UTF-8 (RFC 8259)."
        raise BodyUnreadable(message)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8 at byte {error.start}. Encode the JSON as UTF-8 (RFC 8259)."
        raise BodyUnreadable(message) from error


def _decode(text: str) -> object:
    try:
        value, _ = DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        message = f"The body is not JSON at {where}: {error.msg}. Correct it there."
        raise BodyUnreadable(message) from error
    result: object = value
    return result


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    first_spellings: dict[str, str] = {}
    for name, _ in pairs:
        folded = name.casefold()
        if folded in first_spellings:
            first = first_spellings[folded]
            message = (
                f"An object in the body holds the names {first[:SHOWN_NAME_CHARACTERS]!r} and "
                f"{name[:SHOWN_NAME_CHARACTERS]!r}, which are equal but for case. Send one of them."
            )
            raise NamesCollide(message)
        first_spellings[folded] = name
    return dict(pairs)


def _integer(digits: str) -> int:
    if len(digits) <= MAX_INTEGER_CHARACTERS and (number := int(digits)) in INTEGERS:
        return number
    message = "The body holds an integer beyond 64 bits, which cannot be kept. Send it as a text."
    raise BodyUnreadable(message)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isfinite(number):
        return number
    message = "The body holds a number beyond the range of a double. Send it as a text."
    raise BodyUnreadable(message)


def _constant(name: str) -> float:
    message = f"The body holds {name}, which is not JSON (RFC 8259 section 6). Send null or a text."
    raise BodyUnreadable(message)


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _check_characters(value: object) -> None:
    for text in _texts(value):
        if "\x00" in text or not _is_unicode(text):
            message = "The body holds a NUL character or half of a surrogate pair in a text. Remove it."
            raise BodyUnreadable(message)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
