from datetime import UTC, datetime, timedelta

import pytest

from certloom.identity import lockout as lockout_module
from certloom.identity.lockout import ACCOUNT_FACTOR, ACCOUNT_WINDOWS, ADDRESS_FACTOR, Lockout

NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def test_an_account_is_locked_at_the_threshold_where_the_guesses_come_from_and_nowhere_else() -> None:
    lockout = Lockout(threshold=3)
    for _ in range(3):
        assert not lockout.locked("alice", "192.0.2.1", NOON)
        lockout.failed("alice", "192.0.2.1", NOON)

    assert lockout.locked("alice", "192.0.2.1", NOON)
    assert not lockout.locked("alice", "192.0.2.2", NOON)
    assert not lockout.locked("bob", "192.0.2.1", NOON)


def test_an_address_that_tries_many_accounts_is_locked_for_every_account() -> None:
    lockout = Lockout(threshold=3)
    for number in range(3 * ADDRESS_FACTOR):
        assert not lockout.locked("d", "192.0.2.1", NOON)
        lockout.failed(f"account{number}", "192.0.2.1", NOON)

    assert lockout.locked("d", "192.0.2.1", NOON)
    assert not lockout.locked("d", "192.0.2.2", NOON)


def guess_from_many_addresses(lockout: Lockout, count: int) -> None:
    for number in range(count):
        lockout.failed("alice", f"192.0.2.{number}", NOON)


def test_guesses_from_many_addresses_lock_an_account_for_longer() -> None:
    lockout = Lockout(threshold=3, window_seconds=300)
    guess_from_many_addresses(lockout, 3 * ACCOUNT_FACTOR - 1)
    assert not lockout.locked("alice", "192.0.2.99", NOON)
    guess_from_many_addresses(lockout, 1)

    assert lockout.locked("alice", "192.0.2.99", seconds(300 * ACCOUNT_WINDOWS - 1))
    assert not lockout.locked("alice", "192.0.2.99", seconds(300 * ACCOUNT_WINDOWS))


def test_many_addresses_cannot_lock_a_person_out_of_the_place_they_work_from() -> None:
    lockout = Lockout(threshold=3)
    lockout.succeeded("alice", "198.51.100.1", NOON)
    guess_from_many_addresses(lockout, 3 * ACCOUNT_FACTOR)

    assert not lockout.locked("alice", "198.51.100.1", NOON)
    assert lockout.locked("alice", "198.51.100.2", NOON)


def test_a_familiar_address_is_no_place_to_guess_from() -> None:
    lockout = Lockout(threshold=3)
    lockout.succeeded("alice", "198.51.100.1", NOON)
    for _ in range(3):
        lockout.failed("alice", "198.51.100.1", NOON)

    assert lockout.locked("alice", "198.51.100.1", NOON)


def test_an_address_is_familiar_for_a_month() -> None:
    lockout = Lockout(threshold=1)
    lockout.succeeded("alice", "198.51.100.1", NOON - timedelta(days=30))
    guess_from_many_addresses(lockout, ACCOUNT_FACTOR)

    assert lockout.locked("alice", "198.51.100.1", NOON)


def test_a_lock_ends_with_its_window() -> None:
    lockout = Lockout(threshold=1, window_seconds=300)
    lockout.failed("alice", "192.0.2.1", NOON)

    assert lockout.locked("alice", "192.0.2.1", seconds(299))
    assert not lockout.locked("alice", "192.0.2.1", seconds(300))


def test_failures_of_an_old_window_do_not_count() -> None:
    lockout = Lockout(threshold=2, window_seconds=300)
    lockout.failed("alice", "192.0.2.1", NOON)

    assert lockout.failed("alice", "192.0.2.1", seconds(300))
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
    lockout.failed("a", second, NOON)

    assert lockout.locked("a", first, NOON)


def test_neighbouring_networks_count_apart() -> None:
    lockout = Lockout(threshold=1)
    lockout.failed("a", "2001:db8:0:1::1", NOON)

    assert not lockout.locked("a", "2001:db8:0:2::1", NOON)


def test_memory_is_bounded_and_the_newest_failures_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout_module, "MAX_SUBJECTS", 3)
    lockout = Lockout(threshold=1)
    for number in range(5):
        lockout.failed(f"account{number}", f"192.0.2.{number}", seconds(number))

    assert [lockout.failures(f"account{number}", seconds(5)) for number in range(5)] == [0, 0, 1, 1, 1]
    for number in range(5):
        lockout.succeeded(f"account{number}", "192.0.2.200", seconds(number))
    assert len(lockout._familiar) == 3
