"""What lists have in common: which page in which order, and the reading of built queries."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from certloom.errors import Invalid
from certloom.store.database import Database

__all__ = ["Paging", "SortFieldUnknown", "fetch_built", "sort_field"]


class SortFieldUnknown(Invalid):
    """A list cannot be sorted by this field."""

    code = "0xA011004A"


class Paging(msgspec.Struct, frozen=True):
    """Which page, how long, and in which order. ``page`` counts from 1."""

    page: int = 1
    limit: int = 50
    sort_field: str | None = None
    descending: bool = False

    @property
    def offset(self) -> int:
        """How many rows come before the page."""
        return (self.page - 1) * self.limit


def sort_field(paging: Paging, known: Iterable[str], default: str) -> str:
    """The field a list is sorted by, as it is spelled. Raises SortFieldUnknown."""
    names = {name.casefold(): name for name in known}
    wanted = (paging.sort_field or default).strip()
    if wanted.casefold() not in names:
        raise SortFieldUnknown(f"Invalid sort field: {wanted[:100]}. Allowed: {', '.join(names.values())}.")
    return names[wanted.casefold()]


async def fetch_built(database: Database, query: Select[Any]) -> list[tuple[Any, ...]]:
    """The rows of a built query. Raises SearchTooSlow."""
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    parameters = compiled.params
    values = [parameters[name] for name in compiled.positiontup or ()]
    return await database.search_all(str(compiled), *values)
