from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.validity import MOST_BACKDATED, BackdatedTooFar, IssuerNotValid, validity

_moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
_NONE = timedelta()


@given(_moments, st.integers(1, 36500), st.timedeltas(_NONE, MOST_BACKDATED))
def test_f04_the_last_second_counts(at: datetime, days: int, backdated: timedelta) -> None:
    backdated = timedelta(seconds=int(backdated.total_seconds()))
    not_before, not_after = validity(at, days, backdated, None)
    assert not_after - not_before + timedelta(seconds=1) == timedelta(days=days)
    assert not_before + backdated <= at < not_before + backdated + timedelta(seconds=1)
    assert not_before.microsecond == not_after.microsecond == 0


@given(_moments, st.integers(1, 5000), _moments, st.integers(1, 5000))
def test_f04_a_validity_never_leaves_its_issuers(at: datetime, days: int, begins: datetime, issuer_days: int) -> None:
    issuer = validity(begins, issuer_days, _NONE, None)
    try:
        not_before, not_after = validity(at, days, timedelta(hours=1), issuer)
    except IssuerNotValid:
        assert not issuer[0] <= at.replace(microsecond=0) <= issuer[1]
        return
    assert issuer[0] <= not_before <= not_after <= issuer[1]


def test_f04_leap_years_are_days_like_all_others() -> None:
    day = datetime(2028, 2, 28, tzinfo=UTC)
    assert validity(day, 1, _NONE, None)[1] == datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC)
    assert validity(day, 2, _NONE, None)[1] == datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
    assert validity(day, 366, _NONE, None)[1] == datetime(2029, 2, 27, 23, 59, 59, tzinfo=UTC)


def test_f04_other_time_zones_are_the_same_moment() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    there = noon.astimezone(timezone(timedelta(hours=-9)))
    assert validity(there, 1, _NONE, None) == validity(noon, 1, _NONE, None)
    assert validity(there, 1, _NONE, None)[0].tzinfo is UTC


def test_f04_backdating_has_a_limit() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    assert validity(at, 1, MOST_BACKDATED, None)[0] == at - timedelta(hours=48)
    for backdated in (MOST_BACKDATED + timedelta(seconds=1), timedelta(seconds=-1)):
        with pytest.raises(BackdatedTooFar):
            validity(at, 1, backdated, None)


def test_f04_an_issuer_that_is_not_valid_now_issues_nothing() -> None:
    begins, ends = issuer = validity(datetime(2026, 1, 1, tzinfo=UTC), 10, _NONE, None)
    assert validity(begins, 1, timedelta(hours=1), issuer)[0] == begins
    assert validity(ends, 1, _NONE, issuer) == (ends, ends)
    for at in (begins - timedelta(seconds=1), ends + timedelta(seconds=1)):
        with pytest.raises(IssuerNotValid):
            validity(at, 1, timedelta(hours=1), issuer)
