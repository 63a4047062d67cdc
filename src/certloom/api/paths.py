"""Paths: many spellings of an address, one spelling for the router.

Clients know the API under several base paths, in any case, with doubled and trailing slashes (reference: api-surface
2.1), and do not follow redirects. Here the fixed part of a path is brought into the router's spelling before it
routes; what stands where a template has a parameter is data and is never touched.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from certloom.pki.addresses import OCSP_PATH
from certloom.settings import EnumerationForm

__all__ = ["API_BASE", "NO_ROUTE", "PathRewriter", "PathTable", "RewrittenPath"]

API_BASE: Final = "/KeyfactorAPI"
"""The base path under which the router knows the API, whatever base paths are configured."""

NO_ROUTE: Final = f"{API_BASE}/-/no-such-route"
"""Where paths go that mean one thing to one reader and another thing to the next. Nothing is ever routed here."""

CACHED_PATHS: Final = 4096
MAX_CACHED_BYTES: Final = 256
REFUSED_BYTES: Final = (b"%2f", b"%00", b";")
OCSP_PREFIX: Final = f"{OCSP_PATH}/".encode()
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
DOT_SEGMENTS: Final = frozenset({".", ".."})


class RewrittenPath(msgspec.Struct, frozen=True):
    """A path in the router's spelling, and the form of enumerations that its base path stands for."""

    path: str
    enumerations: EnumerationForm

    @property
    def raw_path(self) -> bytes:
        """The path percent-encoded, as the ASGI scope holds it."""
        return quote(self.path).encode()


class _Node:
    """A place in the tree of templates: what may come next, and whether a template ends here."""

    def __init__(self) -> None:
        self.literals: dict[str, tuple[str, _Node]] = {}
        self.parameter: _Node | None = None
        self.is_end = False

    def add(self, segments: Sequence[str]) -> None:
        if not segments:
            self.is_end = True
            return
        first, rest = segments[0], segments[1:]
        if first.startswith("{"):
            self.parameter = self.parameter or _Node()
            self.parameter.add(rest)
        else:
            self.literals.setdefault(first.casefold(), (first, _Node()))[1].add(rest)

    def match(self, segments: Sequence[str]) -> list[str] | None:
        """The segments with literals in their own case; literals win over parameters, as they do in the router."""
        if not segments:
            return [] if self.is_end else None
        first, rest = segments[0], segments[1:]
        spelling, node = self.literals.get(first.casefold(), (first, None))
        for head, branch in ((spelling, node), (first, self.parameter)):
            tail = branch.match(rest) if branch else None
            if tail is not None:
                return [head, *tail]
        return None


class PathTable:
    """The configured base paths and the templates of all routes below them.

    ``templates`` look like ``/Workflow/Instances/{instance_id}/Signals``.
    """

    def __init__(self, base_paths: Mapping[str, EnumerationForm], templates: Iterable[str]) -> None:
        bases = [(_segments(base.casefold()), form) for base, form in base_paths.items()]
        # The longest first: a base path may lie below another one.
        self._bases = sorted(bases, key=lambda base: len(base[0]), reverse=True)
        self._root = _Node()
        for template in templates:
            self._root.add(_segments(template))
        self._remembered = lru_cache(maxsize=CACHED_PATHS)(self._read)

    def rewrite(self, raw_path: bytes) -> RewrittenPath:
        """The path to route by. Paths outside every base path are only checked.

        Encoded slashes, dot segments, raw semicolons, control characters and bytes that are not UTF-8 lead to
        ``NO_ROUTE``: a proxy in front may have read such a path differently when it decided to let it pass.
        """
        if raw_path.startswith(OCSP_PREFIX):
            return RewrittenPath(_ocsp_path(raw_path[len(OCSP_PREFIX) :]), "names")
        return self._remembered(raw_path) if len(raw_path) <= MAX_CACHED_BYTES else self._read(raw_path)

    def _read(self, raw_path: bytes) -> RewrittenPath:
        path = _decoded(raw_path)
        if path is None:
            return RewrittenPath(NO_ROUTE, "names")
        segments = _segments(path)
        for base, form in self._bases:
            if [segment.casefold() for segment in segments[: len(base)]] == base:
                below = segments[len(base) :]
                return RewrittenPath("/".join([API_BASE, *(self._root.match(below) or below)]), form)
        # The router's own base path is open only when it is configured too.
        outside = NO_ROUTE if segments[:1] == _segments(API_BASE) else path
        return RewrittenPath(outside, "names")


class PathRewriter:
    """ASGI middleware around the router. Sets ``scope["state"]["enumerations"]`` to ``names`` or ``numbers``."""

    def __init__(
        self, app: ASGIApp, base_paths: Mapping[str, EnumerationForm], literal_segments: Iterable[str]
    ) -> None:
        self._app = app
        self._table = PathTable(base_paths, literal_segments)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by the rewritten path. The server keeps its own scope, so its log shows what the client sent."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        rewritten = self._table.rewrite(_raw_path(scope))
        inner = scope.copy()
        inner["path"] = rewritten.path
        inner["raw_path"] = rewritten.raw_path
        inner["state"] = {**(scope.get("state") or {}), "enumerations": rewritten.enumerations}
        await self._app(inner, receive, send)


def _ocsp_path(request: bytes) -> str:
    """The path of an OCSP request, whose base64 may hold slashes (RFC 6960, A.1): here in the alphabet without them."""
    text = unquote(request.decode("latin-1"), encoding="latin-1")
    if not _BASE64.fullmatch(text):
        return NO_ROUTE
    return OCSP_PREFIX.decode() + text.replace("+", "-").replace("/", "_")


def _raw_path(scope: Scope) -> bytes:
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    # Some servers leave the query string in it.
    return raw.partition(b"?")[0]


def _decoded(raw_path: bytes) -> str | None:
    lowered = raw_path.lower()
    if any(trick in lowered for trick in REFUSED_BYTES):
        return None
    try:
        path = unquote(raw_path.decode("utf-8"), errors="strict")
    except UnicodeDecodeError:
        return None
    has_controls = any(character < " " or character == "\x7f" for character in path)
    return None if has_controls or not DOT_SEGMENTS.isdisjoint(path.split("/")) else path


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
