"""Roles: named sets of permissions that accounts hold and signals ask for."""

import msgspec

__all__ = ["Role"]


class Role(msgspec.Struct, frozen=True):
    """A security role (reference: api-surface 6.4).

    ``permissions`` are access strings in their canonical form.
    """

    id: int
    name: str
    description: str
    permissions: tuple[str, ...]
