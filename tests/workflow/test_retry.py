from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.errors import Unavailable
from certloom.workflow.outcome import Fail, Retry
from certloom.workflow.outgoing import NotDone, PerhapsDone
from certloom.workflow.parameters import parameter_faults
from certloom.workflow.retry import RETRY_PARAMETERS, Retries, RetryPolicy, retry_policy

DEFAULTS = {one.name: one.default for one in RETRY_PARAMETERS}
LOST = PerhapsDone("The answer was lost.")


def policy(**parameters: object) -> RetryPolicy:
    return retry_policy({**DEFAULTS, **parameters})


def test_the_parameters_are_ours_and_their_defaults_are_allowed_values() -> None:
    assert all(one.ours for one in RETRY_PARAMETERS)
    assert parameter_faults(RETRY_PARAMETERS, DEFAULTS) == ()
    assert policy() == RetryPolicy(5, timedelta(seconds=30), "harmless", timedelta(seconds=120))


@pytest.mark.parametrize(
    "wrong", [{"RetryAttempts": 0}, {"RetryDelaySeconds": "86401"}, {"TimeLimitSeconds": 601}, {"RetryOn": "always"}]
)
def test_values_without_sense_are_told_when_a_definition_is_saved(wrong: dict[str, object]) -> None:
    (fault,) = parameter_faults(RETRY_PARAMETERS, wrong)
    assert next(iter(wrong)) in fault


def test_waits_double_up_to_an_hour() -> None:
    waits = [policy(RetryAttempts=100).after(LOST, attempt, harmless=True) for attempt in (1, 2, 3, 8, 99)]
    assert [one.after.total_seconds() for one in waits if isinstance(one, Retry)] == [30, 60, 120, 3600, 3600]


def test_a_longer_first_wait_than_an_hour_stays() -> None:
    outcome = policy(RetryDelaySeconds=7200).after(LOST, 2, harmless=True)
    assert isinstance(outcome, Retry)
    assert outcome.after == timedelta(hours=2)


@pytest.mark.parametrize(("asked", "waited"), [(10, 30), (300, 300), (10**7, 86_400)])
def test_a_server_that_says_when_is_not_asked_before_and_cannot_put_it_off_for_ever(asked: int, waited: int) -> None:
    outcome = policy().after(NotDone("Busy.", timedelta(seconds=asked)), 1, harmless=True)
    assert outcome == Retry(timedelta(seconds=waited), "Attempt 1 failed and is repeated: Busy.")


def test_the_last_attempt_fails_with_how_often_it_was_tried() -> None:
    assert policy(RetryAttempts="2").after(LOST, 2, harmless=True) == Fail(
        "The answer was lost. It was tried 2 time(s)."
    )
    assert isinstance(policy(RetryOn="never").after(LOST, 1, harmless=True), Fail)


def test_what_may_have_happened_and_must_not_happen_twice_waits_for_a_person() -> None:
    outcome = policy().after(LOST, 1, harmless=False)
    assert isinstance(outcome, Fail)
    assert "not known" in outcome.message


@pytest.mark.parametrize("retries", Retries)
def test_an_author_may_say_that_a_second_time_does_no_harm(retries: Retries) -> None:
    assert policy().repeatable(retries) is (retries is not Retries.MANUAL)
    assert policy(RetryOn="any").repeatable(retries)


@given(st.integers(1, 100), st.integers(1, 86_400), st.integers(1, 10**6), st.booleans())
def test_every_failure_ends_in_a_wait_or_a_failure(attempts: int, delay: int, attempt: int, harmless: bool) -> None:  # noqa: FBT001 - drawn
    chosen = policy(RetryAttempts=attempts, RetryDelaySeconds=delay)
    outcome = chosen.after(Unavailable("x"), attempt, harmless=harmless)
    assert isinstance(outcome, Retry) is (harmless and attempt < attempts)
    if isinstance(outcome, Retry):
        assert timedelta(0) < outcome.after <= timedelta(days=1)
