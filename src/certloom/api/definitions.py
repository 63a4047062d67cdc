"""/Workflow/Definitions, in versions 1 and 2. Source: workflow-definitions reference, sections 1 and 2."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import Call, call_of
from certloom.api.definition_shapes import list_item, list_item_v2, response, response_v2, step_draft
from certloom.api.folding import FieldInvalid
from certloom.api.guid import read_guid
from certloom.api.listing import ListRequest
from certloom.api.openapi import documented
from certloom.api.schemas.definitions import (
    DefinitionCreateRequest,
    DefinitionListItem,
    DefinitionResponse,
    DefinitionUpdateRequest,
    DefinitionVersionQuery,
    ForceQuery,
    StepRequest,
)
from certloom.api.schemas.definitions_v2 import (
    DefinitionCreateRequestV2,
    DefinitionListItemV2,
    DefinitionResponseV2,
    DefinitionUpdateRequestV2,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.definition_versions import save_steps
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import (
    create_definition,
    definition_view,
    definitions,
    delete_definition,
    enable_definition,
    update_definition,
)
from certloom.operations.exchange.exporting import export_definition
from certloom.operations.publishing import publish_definition
from certloom.store.query_expression import FieldKind
from certloom.workflow.exported import ExportForm, document_of

__all__ = ["DefinitionsController"]

_LONGEST_NUMBER = 9

_LIST = ShortList[DefinitionView](
    {
        "DisplayName": ListField(lambda view: (view.row.display_name,), FieldKind.TEXT),
        "Id": ListField(lambda view: (view.row.id,), FieldKind.GUID),
        "IsPublished": ListField(lambda view: (view.row.published_version == view.version,), FieldKind.BOOLEAN),
        "WorkflowType": ListField(lambda view: (view.row.workflow_type,), FieldKind.TEXT),
        "Description": ListField(lambda view: (view.row.description,)),
        "Key": ListField(lambda view: tuple(key for key, _ in view.keys)),
        "KeyDisplayName": ListField(lambda view: tuple(name for _, name in view.keys)),
        "DraftVersion": ListField(lambda view: (view.row.draft_version,)),
        "PublishedVersion": ListField(lambda view: (view.row.published_version,)),
        "Enabled": ListField(lambda view: (view.row.enabled,)),
    }
)


class DefinitionsController(Controller):
    """What workflows do: definitions, their steps and versions."""

    path = "/KeyfactorAPI/Workflow/Definitions"
    tags = ("Workflow Definition",)

    @get(
        "/",
        operation_id="ListDefinitions",
        **documented(list[DefinitionListItem] | list[DefinitionListItemV2], query=ListRequest),
    )
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every definition, by display name."""
        call = call_of(request)
        shape = list_item if call.api_version() == 1 else list_item_v2
        return _LIST.answer(call, await definitions(call.services, call.actor), shape)

    @post(
        "/",
        operation_id="CreateDefinition",
        status_code=200,
        **documented(
            DefinitionResponse | DefinitionResponseV2,
            body=(DefinitionCreateRequest, DefinitionCreateRequestV2),
            query=ForceQuery,
        ),
    )
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new definition, without steps. It starts nothing before it is published, so ``force`` changes nothing."""
        call = call_of(request)
        call.query(ForceQuery)
        wanted = await call.body(_CREATE[call.api_version()])
        view = await create_definition(
            call.services,
            call.actor,
            display_name=wanted.display_name,
            description=wanted.description or "",
            workflow_type=wanted.workflow_type,
            keys=[wanted.key] if isinstance(wanted, DefinitionCreateRequest) else wanted.keys,
            enabled=wanted.enabled is not False,
        )
        return _answer(call, view)

    @get(
        "/{definition_id:str}",
        operation_id="ReadDefinition",
        **documented(DefinitionResponse | DefinitionResponseV2, query=DefinitionVersionQuery),
    )
    async def read_one(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """One definition with the steps of a version."""
        call = call_of(request)
        wanted, guid = call.query(DefinitionVersionQuery), read_guid(definition_id)
        if wanted.exportable:
            return await _exported(call, guid, wanted.definition_version)
        return _answer(call, await definition_view(call.services, call.actor, guid, wanted.definition_version))

    @put(
        "/{definition_id:str}",
        operation_id="UpdateDefinition",
        **documented(
            DefinitionResponse | DefinitionResponseV2,
            body=(DefinitionUpdateRequest, DefinitionUpdateRequestV2),
            query=ForceQuery,
        ),
    )
    async def update(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Replace name and description, and in version 2 the keys."""
        call = call_of(request)
        wanted = await call.body(_UPDATE[call.api_version()])
        view = await update_definition(
            call.services,
            call.actor,
            read_guid(definition_id),
            display_name=wanted.display_name,
            description=wanted.description or "",
            enabled=wanted.enabled,
            keys=None if isinstance(wanted, DefinitionUpdateRequest) else wanted.keys,
            force=call.query(ForceQuery).force,
        )
        return _answer(call, view)

    @delete("/{definition_id:str}", operation_id="DeleteDefinition", status_code=204, **documented(None))
    async def delete(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[None]:
        """Delete a definition; built-in ones stay."""
        call = call_of(request)
        await delete_definition(call.services, call.actor, read_guid(definition_id))
        return nothing()

    @put(
        "/{definition_id:str}/Steps",
        operation_id="SaveSteps",
        **documented(DefinitionResponse, body=list[StepRequest]),
    )
    async def save_steps(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Replace the steps of the draft."""
        call = call_of(request)
        wanted = await call.body(list[StepRequest])
        drafts = [step_draft(step) for step in wanted]
        view = await save_steps(call.services, call.actor, read_guid(definition_id), drafts)
        return answer(response(view))

    @post(
        "/{definition_id:str}/Publish",
        operation_id="PublishDefinition",
        status_code=200,
        **documented(DefinitionResponse, query=ForceQuery),
    )
    async def publish(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Put the newest version into use."""
        call = call_of(request)
        force = call.query(ForceQuery).force
        view = await publish_definition(call.services, call.actor, read_guid(definition_id), force=force)
        return answer(response(view))

    @post(
        "/{definition_id:str}/Publish/{version:str}",
        operation_id="PublishVersion",
        status_code=200,
        **documented(DefinitionResponse, query=ForceQuery),
    )
    async def publish_version(
        self, request: Request[Any, Any, Any], definition_id: FromPath[str], version: FromPath[str]
    ) -> Response[bytes]:
        """Put a chosen version into use, for example an older one again."""
        call = call_of(request)
        force = call.query(ForceQuery).force
        guid, chosen = read_guid(definition_id), _number(version)
        view = await publish_definition(call.services, call.actor, guid, chosen, force=force)
        return answer(response(view))

    @put(
        "/{definition_id:str}/Status",
        operation_id="EnableDefinition",
        status_code=204,
        **documented(None, body=bool, query=ForceQuery),
    )
    async def enable(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[None]:
        """Switch a definition on or off. The body is ``true`` or ``false``."""
        call = call_of(request)
        enabled, force = await call.body(bool), call.query(ForceQuery).force
        await enable_definition(call.services, call.actor, read_guid(definition_id), enabled=enabled, force=force)
        return nothing()


_CREATE: dict[int, type[DefinitionCreateRequest | DefinitionCreateRequestV2]] = {
    1: DefinitionCreateRequest,
    2: DefinitionCreateRequestV2,
}
_UPDATE: dict[int, type[DefinitionUpdateRequest | DefinitionUpdateRequestV2]] = {
    1: DefinitionUpdateRequest,
    2: DefinitionUpdateRequestV2,
}


def _number(version: str) -> int:
    if version.isascii() and version.isdecimal() and len(version) <= _LONGEST_NUMBER:
        return int(version)
    raise FieldInvalid("version", "Expected the number of a version")


def _answer(call: Call, view: DefinitionView) -> Response[bytes]:
    return answer(response(view) if call.api_version() == 1 else response_v2(view))


async def _exported(call: Call, definition_id: UUID, version: int | None) -> Response[bytes]:
    """What the command line exports as well."""
    form = ExportForm.V1 if call.api_version() == 1 else ExportForm.V2
    return answer(
        document_of(await export_definition(call.services, call.actor, definition_id, version=version, form=form))
    )
