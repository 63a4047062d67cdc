"""How far an actor's hand reaches: nobody gives, or takes over, what they do not have themselves (check B06)."""

from collections.abc import Iterable

from certloom.identity.actor import Actor
from certloom.identity.permission import ADMINISTER, beyond
from certloom.operations.access import Operation, PermissionMissing

__all__ = ["RightsExceeded", "require_over", "require_reach", "require_somebody_else"]


class RightsExceeded(PermissionMissing):
    """The caller may do this in general, and not with rights that go beyond their own."""


def require_reach(actor: Actor, operation: Operation, permissions: Iterable[str]) -> None:
    """Raises RightsExceeded where the actor lacks one of these permissions."""
    lacking = beyond(actor.permissions, permissions)
    if lacking:
        raise RightsExceeded(
            f"{actor.display} cannot {operation} with permissions they do not hold: {', '.join(lacking)}. "
            "Ask somebody who holds them.",
            operation,
        )


def require_over(actor: Actor, operation: Operation, other: Actor) -> None:
    """Raises RightsExceeded unless the actor may do all that ``other`` may: who sets a password can sign in with it."""
    if actor.may(ADMINISTER):
        return
    require_reach(actor, operation, other.permissions)
    if not other.role_ids <= actor.role_ids:
        raise RightsExceeded(
            f"{other.display} holds roles that {actor.display} does not hold. Ask an administrator.", operation
        )


def require_somebody_else(actor: Actor, operation: Operation, *, is_own: bool) -> None:
    """Raises RightsExceeded for a role that an actor who is no administrator gives to themselves, or widens."""
    if is_own and not actor.may(ADMINISTER):
        raise RightsExceeded(
            f"{actor.display} cannot give a role to themselves, or more to a role they hold. Ask somebody else.",
            operation,
        )
