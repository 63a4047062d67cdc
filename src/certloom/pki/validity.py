"""Validity periods: both ends included, inside the issuer's (RFC 5280, section 4.1.2.5)."""

from datetime import UTC, datetime, timedelta
from typing import Final

from certloom.errors import Invalid

__all__ = ["MOST_BACKDATED", "BackdatedTooFar", "IssuerNotValid", "Period", "validity"]

MOST_BACKDATED: Final = timedelta(hours=48)
"""How far notBefore may lie before the signature (CA/B Forum BR 7.1.2.7)."""

Period = tuple[datetime, datetime]
"""notBefore and notAfter in UTC, whole seconds, both moments included."""

_LAST_SECOND: Final = timedelta(seconds=1)


class BackdatedTooFar(Invalid):
    """A validity would begin more than 48 hours before the signature."""


class IssuerNotValid(Invalid):
    """The issuer's own certificate is not valid at the time of the signature."""


def validity(at: datetime, days: int, backdated: timedelta, issuer: Period | None) -> Period:
    """Return the period of exactly ``days`` days, cut to lie within the issuer's; None is a self-signed root.

    The last second counts: one day from midnight ends at 23:59:59. ``at`` is the time of the signature, cut
    to seconds; ``backdated`` is zero to 48 hours. Raises `BackdatedTooFar` or `IssuerNotValid`.
    """
    if not timedelta() <= backdated <= MOST_BACKDATED:
        raise BackdatedTooFar(f"A validity may begin up to {MOST_BACKDATED} before the signature, not {backdated}.")
    now = at.astimezone(UTC).replace(microsecond=0)
    not_before = now - backdated
    not_after = not_before + timedelta(days=days) - _LAST_SECOND
    if issuer is None:
        return not_before, not_after
    begins, ends = issuer
    if not begins <= now <= ends:
        raise IssuerNotValid(
            f"The authority's certificate is valid from {begins:%Y-%m-%d %H:%M:%S} to {ends:%Y-%m-%d %H:%M:%S} UTC, "
            f"and it is {now:%Y-%m-%d %H:%M:%S}. Renew the authority, or check the clock.",
        )
    return max(not_before, begins), min(not_after, ends)
