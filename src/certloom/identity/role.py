"""Roles: named sets of permissions that accounts hold and signals ask for."""

import msgspec

__all__ = ["GLOBAL_PERMISSION_SET", "PermissionSet", "Role"]

GLOBAL_PERMISSION_SET = "00000000-0000-4000-8000-000000000001"
"""The id of the permission set that allows everything and that every installation has."""


class Role(msgspec.Struct, frozen=True):
    """A security role (reference: api-surface 6.4).

    ``permissions`` are access strings in their canonical form, none of them outside the permission set. A role that is
    not ``enabled`` gives nothing to its holders. ``private`` is kept for clients that send it.
    """

    id: int
    name: str
    description: str
    permissions: tuple[str, ...]
    email: str = ""
    permission_set_id: str = GLOBAL_PERMISSION_SET
    enabled: bool = True
    private: bool = False


class PermissionSet(msgspec.Struct, frozen=True):
    """The permissions that the roles of one part of an organisation may hold (reference: api-surface 6.4)."""

    id: str
    name: str
    permissions: tuple[str, ...]
