"""Templates: what kinds of certificates may be asked for."""

import msgspec

from certloom.errors import Invalid
from certloom.identity.actor import SYSTEM_ACCOUNT_ID, Actor
from certloom.operations.access import Operation, PermissionMissing, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.pki.key_choice import choose_key_type
from certloom.pki.template import Template
from certloom.store.accounts import list_roles
from certloom.store.certificates import TemplateRow, list_templates, read_template
from certloom.store.change import Change
from certloom.store.rows import Put

__all__ = [
    "TemplateNotAllowed",
    "TemplateNotFound",
    "apply_template",
    "check_requester",
    "may_request",
    "preferred_key_types",
    "template_named",
    "templates",
]


class TemplateNotAllowed(PermissionMissing):
    """The template is not for this requester."""


class TemplateNotFound(Invalid):
    """A request names a template that does not exist."""

    code = "0xA0110002"


def _template(row: TemplateRow) -> Template:
    return msgspec.structs.replace(msgspec.json.decode(row.document, type=Template), id=row.id)


async def templates(services: Services, actor: Actor) -> list[Template]:
    """Every template, by short name."""
    require(actor, Operation.LIST_TEMPLATES)
    return [_template(row) for row in await list_templates(services.database)]


async def template_named(services: Services, name: str) -> Template:
    """The template of that short name, case ignored. Raises TemplateNotFound."""
    row = await read_template(services.database, name.strip().casefold())
    if row is None:
        known = ", ".join(row.name for row in await list_templates(services.database)) or "none yet"
        raise TemplateNotFound(f"There is no template {name[:200]!r}. Known: {known}. GET /Templates lists them.")
    return _template(row)


async def may_request(services: Services, actor: Actor, template: Template) -> bool:
    """Whether the template is for this requester. The server, asking for its own certificate, holds no roles."""
    if not template.allowed_requesters or actor.account_id == SYSTEM_ACCOUNT_ID:
        return True
    allowed = {name.casefold() for name in template.allowed_requesters}
    held = {role.name_key for role in await list_roles(services.database) if role.id in actor.role_ids}
    return bool(allowed & held)


async def check_requester(services: Services, actor: Actor, template: Template, operation: Operation) -> None:
    """Raises TemplateNotAllowed."""
    if not await may_request(services, actor, template):
        raise TemplateNotAllowed(
            f"Template {template.name} is for holders of {', '.join(template.allowed_requesters)}; "
            f"{actor.display} holds none of these roles. Ask an administrator.",
            operation,
        )


async def preferred_key_types(services: Services) -> list[str]:
    """The type of key that each template gets where the request asks for none in particular."""
    found = [choose_key_type(_template(row).key_types) for row in await list_templates(services.database)]
    return [key_type for key_type in found if key_type is not None]


async def apply_template(services: Services, actor: Actor, template: Template) -> Template:
    """Create the template, or replace the one of the same short name, and return it with its id."""
    require(actor, Operation.APPLY_TEMPLATE)
    key = template.name.casefold()
    known = await read_template(services.database, key)
    # The id is the row's: inside the document it would change the digest that approvals are bound to.
    document = msgspec.json.encode(msgspec.structs.replace(template, id=0), order="deterministic").decode()
    row = TemplateRow(id=known.id if known else 0, name_key=key, name=template.name, document=document)
    message = f"{'Changed' if known else 'Created'} template {template.name}."
    audit = entry(services, actor.display, Operation.APPLY_TEMPLATE, ("Template", template.name), message)
    await services.database.commit(Change(writes=(Put(row),), audit=(audit,)))
    return await template_named(services, template.name)
