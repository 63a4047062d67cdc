"""The little of DER that has to be written and read by hand (X.690, sections 8.1 and 10.1)."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from certloom.errors import Invalid

__all__ = ["DerUnreadable", "Element", "bit_string", "content_of", "elements", "generalized_time", "sequence", "tagged"]

SEQUENCE: Final = 0x30
_BIT_STRING: Final = 0x03
_SHORT_FORM: Final = 0x80
_GENERALIZED_TIME: Final = 0x18
_LONG_TAG: Final = 0x1F
_HEAD_OCTETS: Final = 2
_LENGTH_OCTETS: Final = 4


def tagged(tag: int, content: bytes) -> bytes:
    """Return content behind its tag and its length in the shortest form."""
    length = len(content)
    if length < _SHORT_FORM:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, _SHORT_FORM | len(octets)]) + octets + content


def sequence(*elements: bytes) -> bytes:
    """Return a SEQUENCE of elements that are DER already."""
    return tagged(SEQUENCE, b"".join(elements))


def bit_string(octets: bytes) -> bytes:
    """Return a BIT STRING of whole octets."""
    return tagged(_BIT_STRING, b"\0" + octets)


def generalized_time(at: datetime) -> bytes:
    """Return a GeneralizedTime in UTC without fractions (RFC 5280, 4.1.2.5.2)."""
    return tagged(_GENERALIZED_TIME, f"{at.astimezone(UTC):%Y%m%d%H%M%S}Z".encode())


class DerUnreadable(Invalid):
    """Octets are not the DER that was expected."""


class Element(NamedTuple):
    """One element: its tag of one octet, its content, and the whole of it."""

    tag: int
    content: bytes
    whole: bytes


def elements(octets: bytes) -> list[Element]:
    """Return the elements that stand one after the other; raises `DerUnreadable` unless they fill the octets exactly.

    Lengths must be definite and in their shortest form. It does not go into an element, so nesting costs nothing.
    """
    found, at = [], 0
    while at < len(octets):
        begins, ends = _content(octets, at)
        found.append(Element(octets[at], octets[begins:ends], octets[at:ends]))
        at = ends
    return found


def content_of(octets: bytes, tag: int) -> bytes:
    """Return the content of the one element that the octets are; raises `DerUnreadable` for another tag or more."""
    found = elements(octets)
    if len(found) != 1 or found[0].tag != tag:
        raise DerUnreadable(f"Expected one element with tag {tag:#04x}.")
    return found[0].content


def _content(octets: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at this place begins and ends."""
    head = octets[at : at + 2]
    if len(head) < _HEAD_OCTETS or head[0] & _LONG_TAG == _LONG_TAG:
        raise DerUnreadable("The DER is cut off, or has a tag of several octets.")
    begins, length = at + _HEAD_OCTETS, head[1]
    if length >= _SHORT_FORM:
        count = length - _SHORT_FORM
        length = int.from_bytes(octets[begins : begins + count])
        begins += count
        if not 1 <= count <= _LENGTH_OCTETS or length < max(_SHORT_FORM, 1 << (8 * (count - 1))):
            raise DerUnreadable("A length in the DER is not in its shortest form.")
    if begins + length > len(octets):
        raise DerUnreadable("The DER is cut off.")
    return begins, begins + length
