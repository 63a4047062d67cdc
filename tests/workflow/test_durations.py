from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.workflow.duration import DurationUnreadable, read_duration


@given(st.integers(1, 3650))
def test_a_number_of_days_is_that_many_days(days: int) -> None:
    assert read_duration(f"{days}d") == timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", timedelta(minutes=30)),
        (" 72 H ", timedelta(hours=72)),
        ("1m", timedelta(minutes=1)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_minutes_hours_and_days_are_read(text: str, duration: timedelta) -> None:
    assert read_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "3", "d", "0m", "-1d", "1.5h", "3651d", "999999d", "PT72H", "3d 4h", "٣d", "1" * 5000]
)
def test_everything_else_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(DurationUnreadable, match="such as 3d"):
        read_duration(text)
