"""Names of accounts: one person behind three spellings."""

import unicodedata
from typing import NoReturn

import msgspec

from certloom.errors import Invalid

__all__ = ["AccountName", "AccountNameInvalid", "read_account_name"]

MAX_CHARACTERS = 256
REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Control, formatting (bidi, zero width), unassigned, private, surrogate and line-breaking characters."""


class AccountNameInvalid(Invalid):
    """A text that cannot name an account, or that could be mistaken for another account's name."""


class AccountName(msgspec.Struct, frozen=True, eq=False):
    """Who an account is, as a directory says it: a domain (may be empty) and a user in that domain.

    Two names are equal when they name the same account, whatever the case they were written in.
    Construct one only from values that ``read_account_name`` has accepted.
    """

    domain: str
    user: str

    @property
    def key(self) -> str:
        r"""The one spelling the database knows: ``corp\alice``, or ``alice`` without a domain."""
        return _folded(self.display)

    @property
    def display(self) -> str:
        r"""The spelling for people: ``CORP\alice``, or ``alice`` without a domain."""
        return f"{self.domain.upper()}\\{self.user}" if self.domain else self.user

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccountName) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def read_account_name(text: str, default_domain: str) -> AccountName:
    r"""Read ``DOMAIN\user``, ``user@domain`` or ``user`` (which gets the default domain, possibly none).

    Raises:
        AccountNameInvalid: for empty parts, several separators, outer blanks, colons (a user id cannot hold
            one, RFC 7617 section 2), invisible characters, letters without a stable pair of cases, or more
            than 256 characters.

    Source: reference api-surface 2.6.
    """
    if len(text) > MAX_CHARACTERS:
        _refuse(f"it is longer than {MAX_CHARACTERS} characters")
    domain, user = _split(unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", default_domain))
    _check_part(user, "user")
    if domain:
        _check_part(domain, "domain")
    name = AccountName(domain, user)
    _check_whole(name)
    return name


def _split(text: str, default_domain: str) -> tuple[str, str]:
    separators = text.count("\\") + text.count("@")
    if separators > 1:
        _refuse("it holds more than one separator")
    if separators == 0:
        return default_domain, text
    separator = "\\" if "\\" in text else "@"
    first, _, second = text.partition(separator)
    domain, user = (first, second) if separator == "\\" else (second, first)
    if not domain:
        _refuse("its domain is empty")
    return domain, user


def _check_part(part: str, what: str) -> None:
    if not part:
        _refuse(f"its {what} is empty")
    if part != part.strip():
        _refuse(f"its {what} begins or ends with a blank")
    if any(mark in part for mark in "\\@:"):
        _refuse(f"its {what} holds a separator or a colon")
    if any(_is_deceptive(character) for character in part):
        _refuse(f"its {what} holds an invisible, unassigned or odd blank character")


def _is_deceptive(character: str) -> bool:
    category = unicodedata.category(character)
    return category in REFUSED_CATEGORIES or (category == "Zs" and character != " ")


def _check_whole(name: AccountName) -> None:
    """Refuse the few letters (such as the dotless i) whose upper case belongs to another letter."""
    if len(name.display) > MAX_CHARACTERS:
        _refuse(f"it is longer than {MAX_CHARACTERS} characters with its domain")
    if _folded(name.domain.upper()) != _folded(name.domain):
        _refuse("its domain holds a letter that does not survive a change of case")
    if unicodedata.normalize("NFC", name.display) != name.display:
        _refuse("its domain holds letters that change when written in capitals")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _refuse(why: str) -> NoReturn:
    # The text itself stays out of the message: people type passwords into name fields.
    message = f"The account name cannot be used: {why}. Write it as DOMAIN\\user, user@domain or user."
    raise AccountNameInvalid(message)
