"""/Workflow/Definitions. Source: workflow-definitions reference."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import call_of
from certloom.api.definition_shapes import definition_response, list_item, step_draft
from certloom.api.guid import read_guid
from certloom.api.listing import ListRequest, paged
from certloom.api.openapi import documented
from certloom.api.schemas.definitions import (
    DefinitionCreateRequest,
    DefinitionListItem,
    DefinitionResponse,
    DefinitionUpdateRequest,
    DefinitionVersionQuery,
    StepRequest,
)
from certloom.operations.definitions import (
    create_definition,
    definition_view,
    definitions,
    delete_definition,
    publish_definition,
    save_steps,
    update_definition,
)

__all__ = ["DefinitionsController"]


class DefinitionsController(Controller):
    """What workflows do: definitions, their steps and versions."""

    path = "/KeyfactorAPI/Workflow/Definitions"
    tags = ("Workflow Definition",)

    @get("/", operation_id="ListDefinitions", **documented(list[DefinitionListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every definition, by display name."""
        call = call_of(request)
        found = await definitions(call.services, call.actor)
        return paged(call, [list_item(view) for view in found])

    @post(
        "/",
        operation_id="CreateDefinition",
        status_code=200,
        **documented(DefinitionResponse, body=DefinitionCreateRequest),
    )
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new definition, without steps."""
        call = call_of(request)
        wanted = await call.body(DefinitionCreateRequest)
        view = await create_definition(
            call.services,
            call.actor,
            display_name=wanted.display_name,
            description=wanted.description or "",
            workflow_type=wanted.workflow_type,
            key=wanted.key,
            enabled=wanted.enabled is not False,
        )
        return answer(definition_response(view))

    @get(
        "/{definition_id:str}",
        operation_id="ReadDefinition",
        **documented(DefinitionResponse, query=DefinitionVersionQuery),
    )
    async def read_one(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """One definition with the steps of a version."""
        call = call_of(request)
        version = call.query(DefinitionVersionQuery).definition_version
        return answer(
            definition_response(await definition_view(call.services, call.actor, read_guid(definition_id), version))
        )

    @put(
        "/{definition_id:str}",
        operation_id="UpdateDefinition",
        **documented(DefinitionResponse, body=DefinitionUpdateRequest),
    )
    async def update(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Replace name and description."""
        call = call_of(request)
        wanted = await call.body(DefinitionUpdateRequest)
        view = await update_definition(
            call.services,
            call.actor,
            read_guid(definition_id),
            display_name=wanted.display_name,
            description=wanted.description or "",
            enabled=wanted.enabled,
        )
        return answer(definition_response(view))

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
        return answer(
            definition_response(await save_steps(call.services, call.actor, read_guid(definition_id), drafts))
        )

    @post(
        "/{definition_id:str}/Publish",
        operation_id="PublishDefinition",
        status_code=200,
        **documented(DefinitionResponse),
    )
    async def publish(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Put the newest version into use."""
        call = call_of(request)
        return answer(
            definition_response(await publish_definition(call.services, call.actor, read_guid(definition_id)))
        )
