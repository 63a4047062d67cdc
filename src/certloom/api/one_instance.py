"""One instance: the page that is asked for most. One function answers it, behind the router and in front of it.

The gate hands the plain spelling of its address straight to this function: the framework's way from the router to the
handler and back costs as much as everything else together. Every other spelling takes the router.
"""

import re
from typing import Final
from uuid import UUID

from certloom.api.guid import read_guid
from certloom.api.instance_body import etag_of, instance_body
from certloom.identity.actor import Actor
from certloom.operations.instances import read_one
from certloom.operations.services import Services
from certloom.settings import EnumerationForm

__all__ = ["direct_instance_id", "one_instance"]

_PLAIN: Final = re.compile(r"/KeyfactorAPI/Workflow/Instances/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_FOUND, _NOT_MODIFIED = 200, 304


def direct_instance_id(method: str, path: str) -> UUID | None:
    """The instance that a request for its page names in the plain spelling; None for every other request."""
    match = _PLAIN.fullmatch(path) if method == "GET" else None
    return read_guid(match[1]) if match else None


async def one_instance(
    services: Services, actor: Actor, form: EnumerationForm, instance_id: UUID, if_none_match: str | None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of one instance's page. Raises what ``read_one`` raises."""
    view = await read_one(services, actor, instance_id)
    etag = etag_of(view, form)
    if if_none_match == etag:
        return _NOT_MODIFIED, b"", {"etag": etag}
    return _FOUND, instance_body(view, form), {"etag": etag}
