"""Durations as people write them in a parameter: a whole number and a unit, such as ``3d``, ``12h`` or ``30m``."""

import re
from datetime import timedelta

from certloom.errors import Invalid

__all__ = ["DURATION_FORMAT", "DurationUnreadable", "read_duration"]

DURATION_FORMAT = "a whole number and d, h or m for days, hours or minutes, such as 3d"
"""The format in words, for messages and help texts."""

_WRITTEN = re.compile(r"([0-9]{1,6})\s*([dhm])", re.IGNORECASE | re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=3650)


class DurationUnreadable(Invalid):
    """A text that is no duration, or one that is too short or too long to wait for."""


def read_duration(text: str) -> timedelta:
    """The duration, from one minute to ten years. Raises DurationUnreadable."""
    written = _WRITTEN.fullmatch(text.strip())
    duration = timedelta(**{_UNITS[written[2].lower()]: int(written[1])}) if written else None
    if duration is None or not _SHORTEST <= duration <= _LONGEST:
        raise DurationUnreadable(f"{text[:40]!r} is not a duration from 1m to 3650d: write {DURATION_FORMAT}.")
    return duration
