"""The OpenAPI description: Litestar's, with the request bodies and queries that we read ourselves."""

import inspect
from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from certloom.api.paths import API_BASE
from certloom.api.problems import Problem

__all__ = ["description", "documented"]

_REF = "#/components/schemas/{name}"
_PROBLEMS = {
    400: "The request is wrong, or the thing is not in a state that allows it",
    401: "Nobody is known by these credentials",
    403: "The caller may not",
    404: "There is no such thing, or the caller may not see it",
    413: "The body is too large",
    503: "Something certloom depends on does not answer",
}


def documented(
    answer: Any, *, body: Any = None, query: Any = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The keyword arguments with which a route describes its answer, body (several: one of them) and query.

    A body that may be None may be left out. ``headers`` are those of a good answer, by name, with what they say.
    """
    responses = {
        status: ResponseSpec(data_container=Problem, description=text, generate_examples=False)
        for status, text in _PROBLEMS.items()
    }
    if answer is not None:
        responses[200] = ResponseSpec(data_container=answer, description="What was asked for", generate_examples=False)
    return {"responses": responses, "opt": {"body": body, "query": query, "headers": headers or {}}}


def description(app: Litestar) -> dict[str, Any]:
    """The whole description as plain data."""
    schema: dict[str, Any] = app.openapi_schema.to_schema()
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    schema["components"]["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
    handlers = _handlers(app)
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            handler = handlers[operation["operationId"]]
            operation["summary"] = (inspect.getdoc(handler.fn) or "").partition("\n")[0].rstrip(".")
            operation["security"] = [{"basic": []}] if path.startswith(API_BASE) else []
            _describe_body(operation, handler.opt.get("body"), components)
            _describe_query(operation, handler.opt.get("query"))
            _describe_answer(operation, handler.opt.get("headers", {}))
    return schema


def _handlers(app: Litestar) -> dict[str, HTTPRouteHandler]:
    return {
        str(handler.operation_id): handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
    }


def _describe_body(operation: dict[str, Any], body: Any, components: dict[str, Any]) -> None:
    if body is None:
        return
    bodies = body if isinstance(body, tuple) else (body,)
    schemas, definitions = msgspec.json.schema_components(bodies, ref_template=_REF)
    components.update(definitions)
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    required = not any(type(None) in get_args(each) for each in bodies)
    operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}


def _describe_query(operation: dict[str, Any], query: type[msgspec.Struct] | None) -> None:
    if query is None:
        return
    properties: Mapping[str, Any] = next(iter(msgspec.json.schema_components((query,))[1].values()))["properties"]
    parameters = operation.setdefault("parameters", [])
    for name, schema in properties.items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": _never_null(schema)})


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string knows no null: what is absent is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _describe_answer(operation: dict[str, Any], headers: Mapping[str, str]) -> None:
    """A 204 has no content, not the JSON null the framework describes; a good answer may have headers of its own."""
    responses: dict[str, Any] = operation["responses"]
    responses.get("204", {}).pop("content", None)
    for content in responses.get("200", {}).get("content", {}).values():
        if "oneOf" in content["schema"]:
            # An empty list is a list of either version.
            content["schema"]["anyOf"] = content["schema"].pop("oneOf")
    good = responses.get("200") or responses.get("204")
    if good is not None and headers:
        good["headers"] = {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
