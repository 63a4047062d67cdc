"""Actors: on whose account an operation runs."""

import msgspec

from certloom.identity.account import AccountName
from certloom.identity.permission import ADMINISTER, grants

__all__ = ["SYSTEM_ACCOUNT_ID", "Actor", "system_actor"]

SYSTEM_ACCOUNT_ID = 0
"""The account id of every background job. Accounts of people are counted from 1."""


class Actor(msgspec.Struct, frozen=True):
    """The account an operation runs for, with the roles and access strings it holds at this moment.

    ``token_id`` names the token that stands for the account, which may have less than the account; None without one.
    """

    account_id: int
    name: AccountName
    role_ids: frozenset[int]
    permissions: tuple[str, ...]
    token_id: int | None = None

    @property
    def display(self) -> str:
        r"""How audit entries and titles name the actor: ``CORP\alice``, or ``system:renewal``."""
        return self.name.display

    def may(self, permission: str) -> bool:
        """Whether the actor holds this access string or one above it."""
        return grants(self.permissions, permission)


def system_actor(job: str, on_behalf_of: str | None = None) -> Actor:
    r"""The actor of a background job, never anonymous: ``system:renewal on behalf of CORP\alice``.

    The colon keeps it apart from every person: an account name cannot hold one.
    """
    display = f"system:{job}" if on_behalf_of is None else f"system:{job} on behalf of {on_behalf_of}"
    return Actor(SYSTEM_ACCOUNT_ID, AccountName("", display), frozenset(), (ADMINISTER,))
