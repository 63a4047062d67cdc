"""/Extensions/Scripts. Sources: workflow-definitions reference, 4.4; the shapes of the published clients."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.openapi import documented
from certloom.api.schemas.scripts import ScriptCreateRequest, ScriptListItem, ScriptResponse, ScriptUpdateRequest
from certloom.api.short_lists import ListField, ShortList
from certloom.errors import Invalid
from certloom.operations.scripts import (
    LibraryScript,
    create_script,
    delete_script,
    script,
    scripts,
    update_script,
)
from certloom.store.query_expression import FieldKind

__all__ = ["ScriptsController"]


class ScriptsController(Controller):
    """The library of scripts that steps run."""

    path = "/KeyfactorAPI/Extensions/Scripts"
    tags = ("Extensions",)

    @get("/", operation_id="ListScripts", **documented(list[ScriptListItem], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every script, by name, without its contents."""
        call = call_of(request)
        return _LIST.answer(call, await scripts(call.services, call.actor), _item)

    @get("/{script_id:str}", operation_id="ReadScript", **documented(ScriptResponse))
    async def read_one(self, request: Request[Any, Any, Any], script_id: FromPath[str]) -> Response[bytes]:
        """One script with its contents."""
        call = call_of(request)
        return answer(_response(await script(call.services, call.actor, _read_id(script_id))))

    @post("/", operation_id="CreateScript", status_code=200, **documented(ScriptResponse, body=ScriptCreateRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new script."""
        call = call_of(request)
        wanted = await call.body(ScriptCreateRequest)
        made = await create_script(call.services, call.actor, wanted.name, wanted.contents, wanted.categories or ())
        return answer(_response(made))

    @put("/", operation_id="UpdateScript", **documented(ScriptResponse, body=ScriptUpdateRequest))
    async def update(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Replace contents and categories of a script; its name stays."""
        call = call_of(request)
        wanted = await call.body(ScriptUpdateRequest)
        changed = await update_script(
            call.services,
            call.actor,
            wanted.id,
            contents=wanted.contents,
            categories=wanted.categories,
            name=wanted.name,
        )
        return answer(_response(changed))

    @delete("/{script_id:str}", operation_id="DeleteScript", status_code=204, **documented(None))
    async def delete(self, request: Request[Any, Any, Any], script_id: FromPath[str]) -> Response[None]:
        """Delete a script that no definition uses."""
        call = call_of(request)
        await delete_script(call.services, call.actor, _read_id(script_id))
        return nothing()


_LIST: ShortList[LibraryScript] = ShortList(
    {
        "Name": ListField(lambda one: (one.name,), FieldKind.TEXT),
        "Id": ListField(lambda one: (one.id,), FieldKind.INTEGER),
        "Categories": ListField(lambda one: one.categories, FieldKind.INTEGER),
    }
)


def _item(found: LibraryScript) -> ScriptListItem:
    return ScriptListItem(id=found.id, name=found.name, categories=[*found.categories])


def _response(found: LibraryScript) -> ScriptResponse:
    return ScriptResponse(id=found.id, name=found.name, contents=found.contents, categories=[*found.categories])


def _read_id(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID:
        return int(text)
    raise Invalid(f"{text[:60]!r} is not the id of a script. Use its number, such as 3.")


_LONGEST_ID = 18
