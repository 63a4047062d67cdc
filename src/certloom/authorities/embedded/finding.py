"""What a linter found."""

from typing import Final

import msgspec

__all__ = ["BLOCKING", "CERTIFICATE", "CRL", "Finding"]

BLOCKING: Final = frozenset({"FATAL", "ERROR"})
"""The severities with which nothing is signed: a standard's MUST is broken."""


CERTIFICATE: Final = b"C"
CRL: Final = b"L"
"""What a question to the linter's process begins with: which of the two the DER behind it is."""


class Finding(msgspec.Struct, frozen=True):
    """One broken rule: ``severity`` FATAL, ERROR or WARNING, the rule's id, and what is wrong."""

    severity: str
    rule: str
    message: str
