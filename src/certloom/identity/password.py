"""Passwords: how they are kept, checked and judged."""

import unicodedata
from functools import cached_property

import argon2
from argon2.exceptions import VerifyMismatchError

from certloom.identity.account import AccountName

__all__ = ["MIN_PASSWORD_CHARACTERS", "PasswordHasher", "password_faults"]

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 1024


class PasswordHasher:
    """Argon2id (RFC 9106), by default with 64 MiB of memory, three passes and four lanes.

    Both methods block for some hundredths of a second by design: call them in a thread.
    """

    def __init__(self, time_cost: int = 3, memory_cost: int = 65536, parallelism: int = 4) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost, memory_cost, parallelism)

    def hash(self, password: str) -> str:
        """The text to store: parameters, a fresh salt and the digest, never the password."""
        return self._argon2.hash(_prepared(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the stored hash.

        ``None`` stands for an account that does not exist: the answer is no, after the same time, so that
        timing does not tell which accounts exist.

        Raises:
            argon2.exceptions.InvalidHashError, argon2.exceptions.VerificationError: when the stored text is no
                hash (a damaged row).
        """
        try:
            self._argon2.verify(self._nobody if stored is None else stored, _prepared(password))
        except VerifyMismatchError:
            return False
        return stored is not None

    @cached_property
    def _nobody(self) -> str:
        return self._argon2.hash(b"nobody")


def password_faults(password: str, account: AccountName) -> list[str]:
    """What is wrong with a new password, one sentence each; nothing when it may be used."""
    faults = []
    if len(password) < MIN_PASSWORD_CHARACTERS:
        faults.append(f"The password is too short: use at least {MIN_PASSWORD_CHARACTERS} characters.")
    if len(password) > MAX_PASSWORD_CHARACTERS:
        faults.append(f"The password is too long: use at most {MAX_PASSWORD_CHARACTERS} characters.")
    if password.casefold() in {account.user.casefold(), account.key, account.display.casefold()}:
        faults.append("The password is the name of the account: choose something nobody can guess.")
    return faults


def _prepared(password: str) -> bytes:
    """One byte sequence for every way a keyboard writes the same letters (RFC 8265 section 4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
