"""Trying again: which failures of an effect may pass, how often and when it is tried, and how long it may take.

The parameters are ours, and every step type with an effect has them. Waiting for the next attempt is a row with a
date; it holds no task and no connection.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from certloom.errors import Unavailable
from certloom.workflow.outcome import Fail, Retry
from certloom.workflow.outgoing import NotDone
from certloom.workflow.parameters import ControlType, DataType, Parameter

__all__ = ["RETRY_PARAMETERS", "Retries", "RetryPolicy", "retry_policy"]

_LONGEST_DELAY = timedelta(hours=1)
_LONGEST_ASKED_FOR = timedelta(days=1)


class Retries(StrEnum):
    """What performing an effect a second time does, where it is not known whether the first time happened."""

    SAFE = "safe"  # the same again has the same result
    TWICE = "twice"  # it may happen a second time, recognisable by its key
    LOOKUP = "lookup"  # the step finds out first whether it happened
    MANUAL = "manual"  # nobody knows: the instance fails and waits for a person


def _number(name: str, shown: str, default: int, most: int, meaning: str) -> Parameter:
    return Parameter(
        name=name,
        display_name=shown,
        data_type=DataType.INTEGER,
        control=ControlType.NUMBER,
        default=str(default),
        least=1,
        most=most,
        help=meaning,
        ours=True,
    )


RETRY_PARAMETERS = (
    _number("RetryAttempts", "Attempts", 5, 100, "How often it is tried at most, where a failure may pass."),
    _number(
        "RetryDelaySeconds",
        "Seconds before the second attempt",
        30,
        86_400,
        "How long the first wait takes; each further one takes twice as long, up to an hour.",
    ),
    Parameter(
        name="RetryOn",
        display_name="Failures that are tried again",
        control=ControlType.DROP_DOWN,
        default="harmless",
        choices={
            "harmless": "Those after which a second time does no harm",
            "any": "Also those that leave it unknown whether it happened: a second time does no harm here",
            "never": "None",
        },
        help=(
            "harmless: failures that may pass, unless it may have happened and must not happen twice. "
            "any: every failure that may pass. never: none."
        ),
        ours=True,
    ),
    _number("TimeLimitSeconds", "Time limit in seconds", 120, 600, "How long one attempt may take."),
)
"""Declared once for every step type with an effect."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """What an author wants to be tried again, how often and when; and how long one attempt may take."""

    attempts: int
    delay: timedelta
    on: str
    limit: timedelta

    def repeatable(self, retries: Retries) -> bool:
        """Whether an effect may be performed again that may have happened already."""
        return retries is not Retries.MANUAL or self.on == "any"

    def after(self, failure: Unavailable, attempt: int, *, harmless: bool) -> Retry | Fail:
        """What follows from a failure that may pass, at this attempt; ``harmless``: a second time does no harm."""
        if not harmless:
            return Fail(f"{failure.message} Whether it happened is not known. Look, then restart the instance.")
        if self.on == "never" or attempt >= self.attempts:
            return Fail(f"{failure.message} It was tried {attempt} time(s).")
        delay = min(self.delay * 2 ** min(attempt - 1, 20), max(_LONGEST_DELAY, self.delay))
        if isinstance(failure, NotDone) and failure.after is not None:
            delay = max(delay, min(failure.after, _LONGEST_ASKED_FOR))
        return Retry(delay, f"Attempt {attempt} failed and is repeated: {failure.message}")


def retry_policy(parameters: Mapping[str, Any]) -> RetryPolicy:
    """The policy that a step's parameters describe."""
    return RetryPolicy(
        attempts=int(parameters["RetryAttempts"]),
        delay=timedelta(seconds=int(parameters["RetryDelaySeconds"])),
        on=parameters["RetryOn"],
        limit=timedelta(seconds=int(parameters["TimeLimitSeconds"])),
    )
