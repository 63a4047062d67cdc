"""Access strings: what an account may do, as paths of which a shorter one grants everything below it."""

import difflib
import re
from collections.abc import Iterable

from certloom.errors import Invalid
from certloom.identity.known_permissions import KNOWN_PERMISSIONS, OLD_PERMISSIONS, OLD_SPELLINGS

__all__ = [
    "ADMINISTER",
    "CHANGE_CERTIFICATE_OWNER",
    "DELETE_CERTIFICATES",
    "ENROLL_CSR",
    "ENROLL_PFX",
    "IMPORT_CERTIFICATES",
    "MANAGE_CERTIFICATE_REQUESTS",
    "MANAGE_INSTANCES",
    "MODIFY_ALERTS",
    "MODIFY_AUTHORITIES",
    "MODIFY_CERTIFICATE_METADATA",
    "MODIFY_COLLECTIONS",
    "MODIFY_DEFINITIONS",
    "MODIFY_METADATA_TYPES",
    "MODIFY_ROLES",
    "MODIFY_SCRIPTS",
    "MODIFY_TEMPLATES",
    "READ_ALERTS",
    "READ_AUDIT",
    "READ_AUTHORITIES",
    "READ_CERTIFICATES",
    "READ_DEFINITIONS",
    "READ_INSTANCES",
    "READ_METADATA_TYPES",
    "READ_MY_INSTANCES",
    "READ_PENDING_INSTANCES",
    "READ_PRIVATE_KEYS",
    "READ_PROVIDERS",
    "READ_ROLES",
    "READ_SCRIPTS",
    "READ_TEMPLATES",
    "REVOKE_CERTIFICATES",
    "PermissionUnknown",
    "beyond",
    "canonical",
    "grants",
    "old_spellings",
    "shared",
    "without_redundant",
]

ADMINISTER = "/"
READ_INSTANCES = "/workflows/instances/read/"
READ_MY_INSTANCES = "/workflows/instances/read/mine/"
READ_PENDING_INSTANCES = "/workflows/instances/read/pending/"
MANAGE_INSTANCES = "/workflows/instances/manage/"
READ_DEFINITIONS = "/workflows/definitions/read/"
MODIFY_DEFINITIONS = "/workflows/definitions/modify/"
ENROLL_CSR = "/certificates/enrollment/csr/"
ENROLL_PFX = "/certificates/enrollment/pfx/"
READ_CERTIFICATES = "/certificates/collections/read/"
"""Search and show certificates, and download them without their keys."""
REVOKE_CERTIFICATES = "/certificates/collections/revoke/"
DELETE_CERTIFICATES = "/certificates/collections/delete/"
CHANGE_CERTIFICATE_OWNER = "/certificates/collections/change_owner/"
MODIFY_CERTIFICATE_METADATA = "/certificates/collections/metadata/modify/"
READ_PRIVATE_KEYS = "/certificates/collections/private_key/read/"
"""Recover a certificate together with its private key."""
MODIFY_COLLECTIONS = "/certificates/collections/modify/"
IMPORT_CERTIFICATES = "/certificates/import/"
MANAGE_CERTIFICATE_REQUESTS = "/certificates/requests/manage/"
READ_TEMPLATES = "/certificate_templates/read/"
MODIFY_TEMPLATES = "/certificate_templates/modify/"
READ_AUTHORITIES = "/certificate_authorities/read/"
MODIFY_AUTHORITIES = "/certificate_authorities/modify/"
READ_METADATA_TYPES = "/metadata/types/read/"
MODIFY_METADATA_TYPES = "/metadata/types/modify/"
READ_ALERTS = "/monitoring/alerts/read/"
MODIFY_ALERTS = "/monitoring/alerts/modify/"
READ_ROLES = "/security/read/"
MODIFY_ROLES = "/security/modify/"
READ_SCRIPTS = "/scripts/read/"
MODIFY_SCRIPTS = "/scripts/modify/"
READ_AUDIT = "/auditing/read/"
READ_PROVIDERS = "/identity_providers/read/"

SCOPED_TO_ID = re.compile(r"(?P<path>/.*/)[0-9]{1,18}/", re.ASCII | re.DOTALL)
SCOPES = ("/certificates/collections/", "/certificate_stores/")
"""Areas whose strings may end in the id of one collection or container (``[#/]``, api-surface 6.4)."""


class PermissionUnknown(Invalid):
    """An access string that no version of the product has."""


def grants(held: Iterable[str], needed: str) -> bool:
    """Whether one of the held access strings is the needed one or stands above it, by whole segments.

    ``needed`` is one of this module's constants, possibly followed by an id and a slash. Case is ignored. A
    held text that is no path grants nothing.
    """
    wanted = needed.lower()
    return any(path.startswith("/") and wanted.startswith(_closed(path)) for path in held)


def beyond(held: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Which of the asked access strings the held ones do not grant, in order."""
    granting = tuple(held)
    return sorted({one for one in asked if not grants(granting, one)})


def shared(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """What both grant: of each pair of access strings the one below the other."""
    ours, theirs = tuple(first), tuple(second)
    return tuple(sorted({one for one in ours if grants(theirs, one)} | {one for one in theirs if grants(ours, one)}))


def without_redundant(permissions: Iterable[str]) -> list[str]:
    """The access strings that no other one of them grants, in order. They grant the same."""
    distinct = sorted(set(permissions))
    return [one for one in distinct if not grants([other for other in distinct if other != one], one)]


def old_spellings(permissions: Iterable[str]) -> list[str]:
    """The ``Area:Permission`` strings of the older model that these access strings grant, in order."""
    held = tuple(permissions)
    return sorted(spelling for spelling, path in OLD_SPELLINGS.items() if grants(held, path))


def canonical(permission: str) -> str:
    """The one spelling in which an access string is stored: a lower-case path between slashes.

    Accepts paths in any case, with or without the last slash, the id of a collection or container at the end,
    and the ``Area:Permission`` strings of the older model (api-surface 6.4, workflow-instances 1.1).

    Raises:
        PermissionUnknown: naming the nearest known string, since a misspelled permission would silently grant
            nothing.
    """
    text = permission.strip()
    old = OLD_PERMISSIONS.get(_old_key(text))
    if old is not None:
        return old
    path = _closed(text)
    # Closing an empty text would make it the root, which grants everything.
    if text.startswith("/") and (path in KNOWN_PERMISSIONS or _unscoped(path) in KNOWN_PERMISSIONS):
        return path
    raise PermissionUnknown(_unknown(text))


def _closed(path: str) -> str:
    lowered = path.lower()
    return lowered if lowered.endswith("/") else f"{lowered}/"


def _unscoped(path: str) -> str | None:
    match = SCOPED_TO_ID.fullmatch(path)
    return match["path"] if match and path.startswith(SCOPES) and match["path"] not in SCOPES else None


def _old_key(text: str) -> str:
    area, _, permission = text.partition(":")
    return f"{area.strip()}:{permission.strip()}".lower()


def _unknown(text: str) -> str:
    shown = text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004 - enough to recognise what was sent
    nearest = difflib.get_close_matches(text[:200].lower(), [*KNOWN_PERMISSIONS, *OLD_PERMISSIONS], n=1, cutoff=0)
    return (
        f"The permission {shown!r} is not known, so it would grant nothing. "
        f"The nearest known one is {nearest[0]!r}; GET /Permissions lists all."
    )
