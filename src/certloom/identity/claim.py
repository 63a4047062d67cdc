"""Claims: what an identity provider says about somebody, and what a role can be given for."""

from enum import IntEnum

import msgspec

__all__ = ["LOCAL_PROVIDER", "Claim", "ClaimType"]

LOCAL_PROVIDER = "certloom"
"""The authentication scheme of the accounts that certloom keeps itself."""


class ClaimType(IntEnum):
    """What a claim is about. Only the number of OAUTH_SUBJECT was seen (api-surface 6.4); the others are ours."""

    USER = 0
    GROUP = 1
    COMPUTER = 2
    OAUTH_OID = 3
    OAUTH_ROLE = 4
    OAUTH_SUBJECT = 5
    OAUTH_CLIENT_ID = 6


class Claim(msgspec.Struct, frozen=True):
    """A claim of a provider, named by its authentication scheme. Roles are given to whoever it holds for."""

    id: int
    provider: str
    claim_type: ClaimType
    value: str
    description: str
