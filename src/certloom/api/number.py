"""Ids that are numbers, as paths hold them."""

from typing import Final

from certloom.errors import Invalid

__all__ = ["NumberMalformed", "read_number"]

LONGEST: Final = 18
SHOWN_CHARACTERS: Final = 60


class NumberMalformed(Invalid):
    """A text that is no id where one belongs."""


def read_number(text: str, what: str) -> int:
    """Read the id of ``what``, such as "a certificate". Raises NumberMalformed."""
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST:
        return int(text)
    raise NumberMalformed(f"{text[:SHOWN_CHARACTERS]!r} is not the id of {what}. Use its number, such as 17.")
