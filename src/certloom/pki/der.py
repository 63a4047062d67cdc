"""The little of DER that has to be written by hand (X.690, sections 8.1 and 10.1)."""

from typing import Final

__all__ = ["bit_string", "sequence", "tagged"]

SEQUENCE: Final = 0x30
_BIT_STRING: Final = 0x03
_SHORT_FORM: Final = 0x80


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
