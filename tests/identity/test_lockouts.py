from datetime import UTC, datetime, timedelta

import pytest

from certloom.identity import lockout as lockout_module
from certloom.identity.lockout import Lockout

NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def test_an_account_is_locked_at_the_threshold_from_every_address() -> None:
    lockout = Lockout(threshold=3)
    for number in range(3):
        assert not lockout.locked("alice", "192.0.2.99", NOON)
        lockout.failed("alice", f"192.0.2.{number}", NOON)

    assert lockout.locked("alice", "192.0.2.99", NOON)
    assert not lockout.locked("bob", "192.0.2.99", NOON)


def test_an_address_is_locked_at_the_threshold_for_every_account() -> None:
    lockout = Lockout(threshold=3)
    for account in ("a", "b", "c"):
        lockout.failed(account, "192.0.2.1", NOON)

    assert lockout.locked("d", "192.0.2.1", NOON)
    assert not lockout.locked("d", "192.0.2.2", NOON)


def test_a_lock_ends_with_its_window() -> None:
    lockout = Lockout(threshold=1, window_seconds=300)
    lockout.failed("alice", "192.0.2.1", NOON)

    assert lockout.locked("alice", "192.0.2.1", seconds(299))
    assert not lockout.locked("alice", "192.0.2.1", seconds(300))


def test_failures_of_an_old_window_do_not_count() -> None:
    lockout = Lockout(threshold=2, window_seconds=300)
    lockout.failed("alice", "192.0.2.1", NOON)

    assert lockout.failed("alice", "192.0.2.1", seconds(300))
    assert lockout.failures("alice", seconds(300)) == 1
    assert not lockout.locked("alice", "192.0.2.1", seconds(300))


def test_only_the_first_failure_of_a_window_asks_to_be_audited() -> None:
    lockout = Lockout()

    assert [lockout.failed("alice", "192.0.2.1", NOON) for _ in range(4)] == [True, False, False, False]
    assert lockout.failures("alice", NOON) == 4


def test_a_guess_at_another_account_cannot_hide_behind_an_audited_address() -> None:
    lockout = Lockout()
    lockout.failed("decoy", "192.0.2.1", NOON)

    assert lockout.failed("admin", "192.0.2.1", NOON)


@pytest.mark.parametrize(
    ("first", "second"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("unix", "unix")],
)
def test_addresses_of_one_customer_count_together(first: str, second: str) -> None:
    lockout = Lockout(threshold=2)
    lockout.failed("a", first, NOON)
    lockout.failed("b", second, NOON)

    assert lockout.locked("c", first, NOON)


def test_neighbouring_networks_count_apart() -> None:
    lockout = Lockout(threshold=1)
    lockout.failed("a", "2001:db8:0:1::1", NOON)

    assert not lockout.locked("b", "2001:db8:0:2::1", NOON)


def test_memory_is_bounded_and_the_newest_failures_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout_module, "MAX_SUBJECTS", 3)
    lockout = Lockout(threshold=1)
    for number in range(5):
        lockout.failed(f"account{number}", f"192.0.2.{number}", seconds(number))

    assert [lockout.failures(f"account{number}", seconds(5)) for number in range(5)] == [0, 0, 1, 1, 1]
