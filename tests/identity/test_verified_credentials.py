from datetime import UTC, datetime, timedelta

import pytest

from certloom.identity.verified import VerifiedCredentials

NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def test_verified_credentials_are_known_for_their_lifetime() -> None:
    verified = VerifiedCredentials(lifetime_seconds=60)
    verified.remember("corp\\alice", "secret", "hash", NOON)

    assert verified.holds("corp\\alice", "secret", "hash", seconds(59))
    assert not verified.holds("corp\\alice", "secret", "hash", seconds(60))


@pytest.mark.parametrize(
    ("account", "password", "stored"),
    [
        ("corp\\bob", "secret", "hash"),
        ("corp\\alice", "Secret", "hash"),
        ("corp\\alice", "secret", "new hash"),
    ],
)
def test_a_change_of_any_part_misses(account: str, password: str, stored: str) -> None:
    verified = VerifiedCredentials()
    verified.remember("corp\\alice", "secret", "hash", NOON)

    assert not verified.holds(account, password, stored, NOON)


def test_parts_cannot_be_shifted_into_each_other() -> None:
    verified = VerifiedCredentials()
    verified.remember("ab", "c", "hash", NOON)

    assert not verified.holds("a", "bc", "hash", NOON)


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    verified = VerifiedCredentials(limit=2)
    for moment, account in enumerate(["a", "b", "a", "c"]):
        verified.remember(account, "secret", "hash", seconds(moment))

    assert verified.holds("a", "secret", "hash", seconds(5))
    assert not verified.holds("b", "secret", "hash", seconds(5))
    assert verified.holds("c", "secret", "hash", seconds(5))


def test_a_clock_that_was_set_back_forgets() -> None:
    verified = VerifiedCredentials()
    verified.remember("a", "secret", "hash", NOON)

    assert not verified.holds("a", "secret", "hash", seconds(-3600))


def test_no_password_is_kept() -> None:
    verified = VerifiedCredentials()
    verified.remember("a", "canary-password", "hash", NOON)

    assert "canary-password" not in repr(vars(verified))
