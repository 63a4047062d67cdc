"""Serial numbers: positive, unpredictable, never longer than 20 octets (RFC 5280, section 4.1.2.2)."""

import re
import secrets
from collections.abc import Callable
from typing import Final

from certloom.errors import Invalid

__all__ = ["SerialUnreadable", "new_serial", "read_serial", "serial_text"]

_RANDOM_OCTETS: Final = 17
_NODES: Final = range(0x01, 0x80)
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,20}")


class SerialUnreadable(Invalid):
    """A text is no serial number in hexadecimal."""


def new_serial(node: int = 1, random: Callable[[int], bytes] = secrets.token_bytes) -> int:
    """Return a node prefix of 8 bits followed by 136 random bits: 18 octets.

    ``node`` is 0x01 to 0x7f, so that the number is positive without a leading zero octet and no random bit is
    ever cleared to make it so. ``random`` returns that many octets of a cryptographic generator.
    """
    if node not in _NODES:
        raise ValueError(f"node {node} is not in 1 to 127")
    return int.from_bytes(bytes([node]) + random(_RANDOM_OCTETS))


def serial_text(serial: int) -> str:
    """Return the octets of the DER INTEGER in upper-case hexadecimal, as certificates are listed by."""
    return serial.to_bytes(max(1, serial.bit_length() // 8 + 1), signed=True).hex().upper()


def read_serial(text: str) -> int:
    """Return the number in upper- or lower-case hexadecimal; raises `SerialUnreadable`."""
    if not _HEXADECIMAL.fullmatch(text):
        raise SerialUnreadable(f"{text[:50]!r} is no serial number; write up to 20 octets in hexadecimal.")
    return int.from_bytes(bytes.fromhex(text))
