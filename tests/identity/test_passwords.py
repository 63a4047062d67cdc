import pytest
from argon2.exceptions import InvalidHashError, VerificationError

from certloom.identity.account import read_account_name
from certloom.identity.password import PasswordHasher, password_faults

hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
alice = read_account_name("CORP\\alice.anderson", "")


def test_a_password_verifies_against_its_own_hash_only() -> None:
    stored = hasher.hash("correct horse battery")

    assert hasher.verify(stored, "correct horse battery")
    assert not hasher.verify(stored, "correct horse batterz")
    assert not hasher.verify(stored, "")


def test_the_stored_hash_is_salted_argon2id_without_the_password() -> None:
    first, second = hasher.hash("correct horse battery"), hasher.hash("correct horse battery")

    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct" not in first


def test_an_unknown_account_is_refused_whatever_the_password() -> None:
    assert not hasher.verify(None, "nobody")
    assert not hasher.verify(None, "correct horse battery")


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$broken"])
def test_a_damaged_hash_is_an_error_and_not_a_login(stored: str) -> None:
    with pytest.raises((InvalidHashError, VerificationError)):
        hasher.verify(stored, "correct horse battery")


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    assert hasher.verify(hasher.hash("gr\u00fc\u00dfe aus k\u00f6ln"), "gru\u0308\u00dfe aus ko\u0308ln")


def test_a_lone_surrogate_is_just_another_wrong_password() -> None:
    assert not hasher.verify(hasher.hash("correct horse battery"), "\ud800")


@pytest.mark.parametrize("password", ["short", "123456789", "x" * 1025])
def test_a_password_of_a_bad_length_is_refused(password: str) -> None:
    assert len(password_faults(password, alice)) == 1


@pytest.mark.parametrize("password", ["alice.anderson", "Alice.Anderson", "corp\\ALICE.anderson"])
def test_the_name_of_the_account_is_no_password(password: str) -> None:
    assert any("name of the account" in fault for fault in password_faults(password, alice))


def test_a_sound_password_has_no_faults() -> None:
    assert password_faults("correct horse battery", alice) == []
