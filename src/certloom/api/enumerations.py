"""Enumerations of the wire: their numbers, their names, and which of the two a caller wants."""

from collections.abc import Mapping
from typing import Final

import msgspec

from certloom.errors import Invalid
from certloom.settings import EnumerationForm

__all__ = [
    "CERT_STATE",
    "FORM_HEADER",
    "INSTANCE_STATUS",
    "REVOCATION_REASON",
    "Enumeration",
    "EnumerationFormUnknown",
    "EnumerationValueUnknown",
    "form_of",
]

FORM_HEADER: Final = "x-certloom-enums"


class EnumerationValueUnknown(Invalid):
    """A name or number that an enumeration does not have."""


class EnumerationFormUnknown(Invalid):
    """A form of enumerations other than names and numbers."""


class Enumeration(msgspec.Struct, frozen=True):
    """A closed set of values, each with a number and a name."""

    label: str
    names: Mapping[int, str]

    def name_of(self, number: int) -> str:
        """The name of a number. Raises ``EnumerationValueUnknown``."""
        if number in self.names:
            return self.names[number]
        raise EnumerationValueUnknown(self._unknown(str(number)))

    def number_of(self, text: str) -> int:
        """The number of a name in any case, or of the number written out. Raises ``EnumerationValueUnknown``."""
        wanted = text.casefold()
        for number, name in self.names.items():
            if wanted in {name.casefold(), str(number)}:
                return number
        raise EnumerationValueUnknown(self._unknown(text))

    def _unknown(self, text: str) -> str:
        known = ", ".join(f"{name} ({number})" for number, name in self.names.items())
        return f"{text[:60]!r} is no {self.label}. Use one of {known}."


INSTANCE_STATUS: Final = Enumeration(
    "instance status",
    {
        0: "Unknown",
        1: "Running",
        2: "Suspended",
        3: "Failed",
        4: "Complete",
        5: "Rejected",
        6: "CanceledForRestart",
    },
)
"""Names: reference workflow-instances 2.4. No source maps them to numbers; this mapping is ours."""

CERT_STATE: Final = Enumeration(
    "certificate state",
    {
        0: "Unknown",
        1: "Active",
        2: "Revoked",
        3: "Denied",
        4: "Failed",
        5: "Pending",
        6: "CertificateAuthority",
        7: "ParentCertificateAuthority",
        8: "ExternalValidation",
    },
)
"""Reference api-surface 6.2; only 1 was seen on the wire."""

REVOCATION_REASON: Final = Enumeration(
    "revocation reason",
    {
        -1: "RemoveFromHold",
        0: "Unspecified",
        1: "KeyCompromise",
        2: "CACompromise",
        3: "AffiliationChanged",
        4: "Superseded",
        5: "CessationOfOperation",
        6: "CertificateHold",
        7: "RemoveFromCRL10",
        8: "RemoveFromCRL",
        999: "Unknown",
    },
)
"""Reference api-surface 6.2; 7 is what 10.x clients send for 8 (RFC 5280 section 5.3.1)."""


def form_of(header: str | None, default: EnumerationForm) -> EnumerationForm:
    """The form asked for by the ``x-certloom-enums`` header, else the default of the base path.

    Raises:
        EnumerationFormUnknown: for any other value of the header.
    """
    if header is None:
        return default
    match header.strip().casefold():
        case "names":
            return "names"
        case "numbers":
            return "numbers"
        case other:
            message = f"The header {FORM_HEADER} says {other[:60]!r}. Use names or numbers."
            raise EnumerationFormUnknown(message)
