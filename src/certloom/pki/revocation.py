"""Reasons for revocation as the wire numbers them (api-surface 6.2; RFC 5280, section 5.3.1)."""

from datetime import MINYEAR, datetime, timedelta
from typing import Final

import msgspec

from certloom.errors import Conflict, Invalid

__all__ = [
    "CERTIFICATE_HOLD",
    "REASONS",
    "REMOVE_FROM_HOLD",
    "MomentNotAllowed",
    "Reason",
    "ReasonNotAllowed",
    "RevocationNotPossible",
    "check_change",
    "effective_moment",
    "read_reason",
]


class Reason(msgspec.Struct, frozen=True):
    """A reason: its number on the wire, its name in RFC 5280, and its text for people."""

    number: int
    name: str
    text: str

    @property
    def ends_hold(self) -> bool:
        """Whether this takes a certificate back from hold instead of revoking it."""
        return self.name == "removeFromCRL"


CERTIFICATE_HOLD: Final = 6
"""The one reason that can be taken back (RFC 5280, 5.3.1)."""

REMOVE_FROM_HOLD: Final = -1
"""The wire's number for ending a hold, which is no reason of RFC 5280."""

REASONS: Final[dict[int, Reason]] = {
    reason.number: reason
    for reason in (
        Reason(REMOVE_FROM_HOLD, "removeFromCRL", "Remove from Hold"),
        Reason(0, "unspecified", "Unspecified"),
        Reason(1, "keyCompromise", "Key Compromised"),
        Reason(2, "cACompromise", "CA Compromised"),
        Reason(3, "affiliationChanged", "Affiliation Changed"),
        Reason(4, "superseded", "Superseded"),
        Reason(5, "cessationOfOperation", "Cessation of Operation"),
        Reason(CERTIFICATE_HOLD, "certificateHold", "Certificate Hold"),
        Reason(7, "removeFromCRL", "Remove from CRL"),
        Reason(8, "removeFromCRL", "Remove from CRL"),
    )
}
"""Every reason a client may give; 7 is what clients of version 10 send for 8."""


class ReasonNotAllowed(Invalid):
    """A number is no reason for revocation."""


class RevocationNotPossible(Conflict):
    """What is asked for does not follow on what was done to the certificate before."""


class MomentNotAllowed(Invalid):
    """A moment from which no revocation can take effect."""


def read_reason(number: int) -> Reason:
    """Return the reason with this number, or raise `ReasonNotAllowed`."""
    reason = REASONS.get(number)
    if reason is None:
        known = ", ".join(f"{each.number} {each.text}" for each in REASONS.values())
        raise ReasonNotAllowed(f"{number} is no reason for revocation; the reasons are {known}.")
    return reason


def check_change(current: int | None, wanted: int) -> None:
    """Refuse what cannot follow on the revocation or hold that stands; raises `RevocationNotPossible`.

    ``current`` is the reason that stands, None for none. A hold is ended, or made a revocation; a revocation is for
    good and keeps its reason and date. Raises `ReasonNotAllowed` for a number that is no reason.
    """
    reason = read_reason(wanted)
    if reason.ends_hold and current is None:
        raise RevocationNotPossible("It is not on hold, so no hold can be ended. Nothing was done.")
    if current not in {None, CERTIFICATE_HOLD}:
        raise RevocationNotPossible("It is revoked already, which is for good; reason and date stay as they are.")
    if current == wanted:
        raise RevocationNotPossible("It is on hold already. Nothing was done.")


def effective_moment(wanted: datetime | None, now: datetime) -> datetime:
    """Now, or earlier where that is asked for; raises `MomentNotAllowed` for one to come.

    A revocation that takes effect later would stand in the way of one that is needed at once.
    """
    # For no moment at all, .NET clients send the first one of the year 1.
    if wanted is None or wanted.year == MINYEAR:
        return now
    if wanted > now + _CLOCKS_DIFFER:
        raise MomentNotAllowed(
            f"EffectiveDate {wanted.isoformat()} cannot be used: a revocation takes effect at once, or took effect "
            "when the harm was done. Leave it out, or give that moment."
        )
    return min(wanted, now)


_CLOCKS_DIFFER: Final = timedelta(minutes=5)
