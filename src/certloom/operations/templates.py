"""Templates: what kinds of certificates may be asked for."""

import msgspec

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.pki.template import Template
from certloom.store.certificates import TemplateRow, list_templates, read_template
from certloom.store.change import Change
from certloom.store.rows import Put

__all__ = ["TemplateNotFound", "apply_template", "template_named", "templates"]


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
