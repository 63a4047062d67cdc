"""/MetadataFields. Source: api-surface reference, 6.3."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.schemas.metadata_fields import (
    ForceQuery,
    MetadataFieldCreateRequest,
    MetadataFieldResponse,
    MetadataFieldUpdateRequest,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.metadata_fields import (
    change_metadata_field,
    create_metadata_field,
    delete_metadata_fields,
    is_in_use,
    metadata_field,
    metadata_fields,
)
from certloom.pki.metadata import AtEnrollment, MetadataField, MetadataType
from certloom.store.query_expression import FieldKind

__all__ = ["MetadataFieldsController"]

_WHAT = "a metadata field"

_LIST = ShortList[MetadataField](
    {
        "DisplayOrder": ListField(lambda field: (field.display_order,), FieldKind.INTEGER),
        "Id": ListField(lambda field: (field.id,), FieldKind.INTEGER),
        "Name": ListField(lambda field: (field.name,), FieldKind.TEXT),
        "Description": ListField(lambda field: (field.description,), FieldKind.TEXT),
        "DataType": ListField(lambda field: (int(field.type),), FieldKind.INTEGER),
        "Enrollment": ListField(lambda field: (int(field.enrollment),), FieldKind.INTEGER),
    }
)


class MetadataFieldsController(Controller):
    """What people may note about certificates."""

    path = "/KeyfactorAPI/MetadataFields"
    tags = ("Metadata Field",)

    @get("/", operation_id="ListMetadataFields", **documented(list[MetadataFieldResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every field, by display order."""
        call = call_of(request)
        return _LIST.answer(call, await metadata_fields(call.services, call.actor), _response)

    @post(
        "/",
        operation_id="CreateMetadataField",
        status_code=200,
        **documented(MetadataFieldResponse, body=MetadataFieldCreateRequest),
    )
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new field."""
        call = call_of(request)
        wanted = await call.body(MetadataFieldCreateRequest)
        return answer(_response(await create_metadata_field(call.services, call.actor, _field(0, wanted))))

    @put(
        "/",
        operation_id="UpdateMetadataField",
        **documented(MetadataFieldResponse, body=MetadataFieldUpdateRequest),
    )
    async def update(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Replace a field; one that certificates have values of keeps its name and type."""
        call = call_of(request)
        wanted = await call.body(MetadataFieldUpdateRequest)
        return answer(_response(await change_metadata_field(call.services, call.actor, _field(wanted.id, wanted))))

    @delete(
        "/",
        operation_id="DeleteMetadataFields",
        status_code=204,
        **documented(None, body=list[int], query=ForceQuery),
    )
    async def delete_many(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Delete the fields of these ids, all or none; those in use only with force."""
        call = call_of(request)
        force = call.query(ForceQuery).force
        await delete_metadata_fields(call.services, call.actor, await call.body(list[int]), force=force)
        return nothing()

    @get("/{field_id:str}", operation_id="ReadMetadataField", **documented(MetadataFieldResponse))
    async def read_one(self, request: Request[Any, Any, Any], field_id: FromPath[str]) -> Response[bytes]:
        """One field, by its id or its name."""
        call = call_of(request)
        wanted = read_number(field_id, _WHAT) if field_id.isascii() and field_id.isdecimal() else field_id
        return answer(_response(await metadata_field(call.services, call.actor, wanted)))

    @delete(
        "/{field_id:str}", operation_id="DeleteMetadataField", status_code=204, **documented(None, query=ForceQuery)
    )
    async def delete_one(self, request: Request[Any, Any, Any], field_id: FromPath[str]) -> Response[None]:
        """Delete one field; one in use only with force."""
        call = call_of(request)
        force = call.query(ForceQuery).force
        await delete_metadata_fields(call.services, call.actor, [read_number(field_id, _WHAT)], force=force)
        return nothing()

    @get("/{field_id:str}/InUse", operation_id="IsMetadataFieldInUse", **documented(bool))
    async def in_use(self, request: Request[Any, Any, Any], field_id: FromPath[str]) -> Response[bytes]:
        """Whether any certificate has a value of the field."""
        call = call_of(request)
        return answer(await is_in_use(call.services, call.actor, read_number(field_id, _WHAT)))


def _field(field_id: int, wanted: MetadataFieldCreateRequest) -> MetadataField:
    options = wanted.options.split(",") if isinstance(wanted.options, str) else wanted.options or []
    return MetadataField(
        id=field_id,
        name=wanted.name,
        description=wanted.description or "",
        type=MetadataType(wanted.data_type),
        hint=wanted.hint or "",
        validation=wanted.validation or "",
        enrollment=AtEnrollment(wanted.enrollment),
        message=wanted.message or "",
        options=tuple(option.strip() for option in options if option.strip()),
        default=wanted.default_value or "",
        display_order=wanted.display_order or 0,
        case_sensitive=wanted.case_sensitive,
    )


def _response(field: MetadataField) -> MetadataFieldResponse:
    return MetadataFieldResponse(
        id=field.id,
        name=field.name,
        description=field.description,
        data_type=field.type,
        hint=field.hint,
        validation=field.validation,
        enrollment=field.enrollment,
        message=field.message,
        options=",".join(field.options),
        default_value=field.default,
        display_order=field.display_order,
        case_sensitive=field.case_sensitive,
    )
