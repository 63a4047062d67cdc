"""The header x-certificateformat and the order of chains, as clients write them. Source: api-surface reference, 2.3."""

from typing import Final

from certloom.errors import Invalid
from certloom.pki.key_file import KEY_FILE_FORMATS

__all__ = ["FormatUnknown", "read_format", "read_key_format", "root_first"]

FORMATS: Final = ("PEM", "DER", "P7B", "ZIP")


class FormatUnknown(Invalid):
    """A certificate format that this answer cannot have."""

    code = "0xA0110008"


def read_format(header: str | None) -> str:
    """The format of certificates alone, PEM by default. Raises FormatUnknown."""
    return _read(header or "PEM", FORMATS)


def read_key_format(header: str | None) -> str:
    """The format of a file with a private key, PFX by default. Raises FormatUnknown."""
    return _read(header or "PFX", KEY_FILE_FORMATS)


def root_first(chain_order: str | None) -> bool:
    """Whether ``RootFirst`` is asked for; anything else is ``EndEntityFirst``."""
    return (chain_order or "").strip().casefold() == "rootfirst"


def _read(header: str, offered: tuple[str, ...]) -> str:
    wanted = header.strip().upper()
    if wanted not in offered:
        raise FormatUnknown(f"x-certificateformat {wanted[:20]!r} is not offered here. Use {', '.join(offered)}.")
    return wanted
