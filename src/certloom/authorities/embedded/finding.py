"""What a linter found."""

from typing import Final

import msgspec

__all__ = ["BLOCKING", "Finding"]

BLOCKING: Final = frozenset({"FATAL", "ERROR"})
"""The severities with which a certificate is not signed: a standard's MUST is broken."""


class Finding(msgspec.Struct, frozen=True):
    """One broken rule: ``severity`` FATAL, ERROR or WARNING, the rule's id, and what is wrong."""

    severity: str
    rule: str
    message: str
