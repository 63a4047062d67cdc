"""Rows: one frozen record per table, and the writes that can be asked of them.

A row's fields are its columns, in primitive types; the SQL of its writes is derived once from the record.
"""

from functools import cache
from typing import ClassVar

import msgspec

__all__ = ["Claim", "Delete", "Forget", "Insert", "Put", "Row", "Write", "claim_sql", "delete_sql", "insert_sql",
           "put_sql", "values_of"]  # fmt: skip

Value = str | int | float | bytes | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``table``. ``key`` names the columns that identify it; an ``id`` of 0 is chosen by the database."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


class Insert(msgspec.Struct, frozen=True):
    """Add this row. A row that collides with an existing one refuses the whole Change."""

    row: Row


class Put(msgspec.Struct, frozen=True):
    """Add this row, or replace the one with the same key."""

    row: Row


class Claim(msgspec.Struct, frozen=True):
    """Add this row, or replace the one with the same key and the same ``owner`` column, or with ``over`` in it.

    A row with another owner refuses the whole Change: who came first keeps it.
    """

    row: Row
    owner: str
    over: str | int = ""


class Delete(msgspec.Struct, frozen=True):
    """Remove the rows whose leading key columns have these values."""

    kind: type[Row]
    key: tuple[Value, ...]


class Forget(msgspec.Struct, frozen=True):
    """Remove the rows whose ``column`` lies before a value."""

    kind: type[Row]
    column: str
    before: Value


Write = Insert | Put | Claim | Delete | Forget


def values_of(row: Row) -> tuple[Value, ...]:
    """The values to bind, in the order of the columns in the row's statements."""
    values = msgspec.structs.astuple(row)
    return values[1:] if _chosen_by_database(type(row)) and not values[0] else values


@cache
def _columns(kind: type[Row]) -> tuple[str, ...]:
    return kind.__struct_fields__


def _chosen_by_database(kind: type[Row]) -> bool:
    return kind.key == ("id",) and _columns(kind)[0] == "id" and kind.__annotations__.get("id") is int


@cache
def insert_sql(kind: type[Row], *, with_id: bool) -> str:
    """The INSERT of a row, with its id or leaving the id to the database."""
    columns = _columns(kind) if with_id or not _chosen_by_database(kind) else _columns(kind)[1:]
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {kind.table} ({', '.join(columns)}) VALUES ({marks})"


@cache
def put_sql(kind: type[Row], *, with_id: bool) -> str:
    """The INSERT that replaces the row with the same key."""
    others = [column for column in _columns(kind) if column not in kind.key]
    action = "UPDATE SET " + ", ".join(f"{c} = excluded.{c}" for c in others) if others else "NOTHING"
    return f"{insert_sql(kind, with_id=with_id)} ON CONFLICT ({', '.join(kind.key)}) DO {action}"


@cache
def claim_sql(kind: type[Row], owner: str) -> str:
    """The INSERT that replaces the row with the same key, if it is the same owner's or the one's that is bound last."""
    columns = ", ".join(f"{column} = excluded.{column}" for column in _columns(kind) if column not in kind.key)
    action = f"UPDATE SET {columns} WHERE {owner} IN (excluded.{owner}, ?)"
    return f"{insert_sql(kind, with_id=True)} ON CONFLICT ({', '.join(kind.key)}) DO {action}"


@cache
def delete_sql(kind: type[Row], columns: int) -> str:
    """The DELETE by the first ``columns`` key columns."""
    condition = " AND ".join(f"{column} = ?" for column in kind.key[:columns])
    return f"DELETE FROM {kind.table} WHERE {condition}"
