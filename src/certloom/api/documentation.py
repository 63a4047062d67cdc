"""/docs: the API description in a viewer whose files come with the server, so that it works offline."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from certloom.api.answers import JsonAnswer
from certloom.api.openapi import description

__all__ = ["DocumentationController"]

_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_START = """window.addEventListener("load", () => SwaggerUIBundle(
  {url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null}));"""
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>certloom API</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css"><div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></html>"""
_POLICY = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'"
}


class DocumentationController(Controller):
    """The description and its viewer, open to everybody: it holds no data."""

    path = "/"
    include_in_schema = False

    @get("/openapi.json", operation_id="ReadDescription")
    async def description(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The OpenAPI description."""
        return JsonAnswer(msgspec.json.encode(description(request.app.state.described)))

    @get("/docs", operation_id="ShowDocumentation")
    async def page(self) -> Response[str]:
        """The viewer."""
        return Response(_PAGE, media_type=MediaType.HTML, headers=_POLICY)

    @get("/docs/{name:str}", operation_id="ReadDocumentationFile")
    async def file(self, name: FromPath[str]) -> Response[bytes]:
        """A file of the viewer."""
        if name == "start.js":
            return Response(_START.encode(), media_type="text/javascript")
        if name not in _FILES:
            raise NotFoundException
        return Response((_folder() / name).read_bytes(), media_type=_FILES[name])


@cache
def _folder() -> Path:
    """Where the viewer's package keeps its files. Found without importing it: it is code for other frameworks."""
    spec = find_spec("swagger_ui")
    assert spec is not None  # noqa: S101 - a required dependency
    assert spec.origin is not None  # noqa: S101 - same
    return Path(spec.origin).parent / "static"
