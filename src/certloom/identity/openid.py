"""What an OpenID Connect provider says about somebody, read with suspicion: every claim has one shape (check B08)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from certloom.errors import Forbidden
from certloom.identity.claim import ClaimType

__all__ = ["Statement", "StatementRefused", "read_statement"]

_LONGEST_SUBJECT = 255
_MOST_ROLES = 1000


class StatementRefused(Forbidden):
    """What the provider says cannot be relied on."""


class Statement(msgspec.Struct, frozen=True):
    """Who somebody is at the provider: an id that never changes hands, a name for people, and what holds for them."""

    subject: str
    name: str
    claims: frozenset[tuple[ClaimType, str]]


def read_statement(said: Mapping[str, Any], name_claim: str, roles_claim: str) -> Statement:
    """The statement that the claims of a verified token make.

    ``roles_claim`` may lead inwards: ``realm_access.roles``. A single text stands for a list of one, and is never
    searched in. Raises StatementRefused for a claim of another shape, and for groups that the provider left out because
    there were too many.
    """
    subject = _text(said, "sub")
    if subject is None or len(subject) > _LONGEST_SUBJECT:
        raise StatementRefused("The token does not say whom it is about (sub).")
    _check_overage(said, roles_claim)
    claims = {(ClaimType.OAUTH_SUBJECT, subject)}
    claims.update((ClaimType.OAUTH_ROLE, role) for role in _roles(said, roles_claim))
    oid = _text(said, "oid")
    if oid is not None:
        claims.add((ClaimType.OAUTH_OID, oid))
    program = _program(said, subject)
    if program is not None:
        claims.add((ClaimType.OAUTH_CLIENT_ID, program))
    return Statement(subject, _text(said, name_claim) or subject, frozenset(claims))


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise StatementRefused(f"The claim {name} is no text.")
    return value or None


def _roles(said: Mapping[str, Any], path: str) -> Sequence[str]:
    value = _inside(said, path)
    roles = [value] if isinstance(value, str) else value
    if roles is None:
        return ()
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise StatementRefused(f"The claim {path} is no list of texts.")
    if len(roles) > _MOST_ROLES:
        raise StatementRefused(f"The claim {path} holds more than {_MOST_ROLES} values. Let the provider send fewer.")
    return [role for role in roles if role]


def _inside(said: Mapping[str, Any], path: str) -> Any:
    if path in said:
        return said[path]
    value: Any = said
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _program(said: Mapping[str, Any], subject: str) -> str | None:
    """The client a token was issued to, where it speaks for itself; a person's token names a client too."""
    for name in ("azp", "client_id"):
        client = _text(said, name)
        if client is not None and (client == subject or said.get("idtyp") == "app"):
            return client
    return None


def _check_overage(said: Mapping[str, Any], roles_claim: str) -> None:
    elsewhere = said.get("_claim_names")
    left_out = isinstance(elsewhere, Mapping) and roles_claim in elsewhere
    if left_out or said.get("hasgroups") is True:
        raise StatementRefused(
            f"The provider left the claim {roles_claim} out, because there were too many values. "
            "Let it send only the groups that are assigned to certloom."
        )
