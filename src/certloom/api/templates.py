"""/Templates. Source: api-surface reference, 6.3."""

from typing import Any

from litestar import Controller, Request, Response, get

from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.openapi import documented
from certloom.api.schemas.templates import TemplateListItem
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.templates import templates
from certloom.pki.template import KEY_TYPES, Template
from certloom.store.query_expression import FieldKind

__all__ = ["TemplatesController"]


_LIST = ShortList[Template](
    {
        "CommonName": ListField(lambda template: (template.name,), FieldKind.TEXT),
        "Id": ListField(lambda template: (template.id,), FieldKind.INTEGER),
        "TemplateName": ListField(lambda template: (template.display_name,), FieldKind.TEXT),
        "DisplayName": ListField(lambda template: (template.display_name,), FieldKind.TEXT),
        "FriendlyName": ListField(lambda template: (template.display_name,), FieldKind.TEXT),
        "KeyType": ListField(lambda template: (KEY_TYPES[template.key_types[0]],), FieldKind.TEXT),
        "AllowedRequesters": ListField(lambda template: template.allowed_requesters, FieldKind.TEXT),
    }
)


class TemplatesController(Controller):
    """What kinds of certificates may be asked for."""

    path = "/KeyfactorAPI/Templates"
    tags = ("Template",)

    @get("/", operation_id="ListTemplates", **documented(list[TemplateListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every template, by short name."""
        call = call_of(request)
        return _LIST.answer(call, await templates(call.services, call.actor), _item)


def _item(template: Template) -> TemplateListItem:
    first = template.key_types[0]
    return TemplateListItem(
        id=template.id,
        common_name=template.name,
        template_name=template.display_name,
        key_size=first.rpartition("-")[2],
        key_type=KEY_TYPES[first],
        friendly_name=template.display_name,
        use_allowed_requesters=bool(template.allowed_requesters),
        allowed_requesters=list(template.allowed_requesters),
        display_name=template.display_name,
        extended_key_usages=list(template.extended_key_usages),
        key_types=", ".join(template.key_types),
    )
