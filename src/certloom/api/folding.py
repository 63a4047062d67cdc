"""Folding: what clients send, in the spelling and the types that a request declares.

Clients of every generation spell the declared names in their own case and send numbers, booleans and dates as texts
(reference: api-surface 2.2). The names in free-form maps are data and stay as they are.
"""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import inspect

from certloom.errors import Invalid

__all__ = ["FieldInvalid", "fold", "shape_of"]

INTEGER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
INTEGERS: Final = range(-(2**63), 2**63)
ZONELESS: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
LISTS: Final = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
MAPS: Final = (inspect.StructType, inspect.DictType)
SCALARS: Final = (inspect.IntType, inspect.FloatType, inspect.DateTimeType)


class FieldInvalid(Invalid):
    """A field that is missing, or whose value has the wrong type or lies outside its range."""

    def __init__(self, path: str, reason: str) -> None:
        """``path`` is JSONPath-like with wire names: ``$.Signals[0].SignalName``."""
        super().__init__(f"The field {path} cannot be used: {reason}. Correct it and send the request again.")


@lru_cache(maxsize=1024)
def shape_of(type_: object) -> inspect.Type:
    """What msgspec knows about a request type, worked out once."""
    return inspect.type_info(type_)


def fold(value: object, shape: inspect.Type, path: str = "$") -> object:
    """The value with declared names in their declared spelling, numeric texts as numbers, dates with a zone.

    Values that do not fit the shape are left for the conversion to refuse.

    Raises:
        FieldInvalid: for numbers that no column could hold.
    """
    if isinstance(shape, inspect.UnionType):
        chosen = _member(value, shape)
        return value if chosen is None else fold(value, chosen, path)
    if isinstance(value, dict) and isinstance(shape, MAPS):
        return _fold_map(value, shape, path)
    if isinstance(value, list) and isinstance(shape, LISTS):
        return [fold(item, shape.item_type, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, SCALARS):
        return _fold_scalar(value, shape, path)
    return value


def _member(value: object, union: inspect.UnionType) -> inspect.Type | None:
    """The member of the union that the value can only mean, if there is exactly one."""
    fitting: list[inspect.Type]
    if isinstance(value, dict):
        fitting = [member for member in union.types if isinstance(member, MAPS)]
    elif isinstance(value, list):
        fitting = [member for member in union.types if isinstance(member, LISTS)]
    else:
        fitting = [member for member in union.types if not isinstance(member, (*MAPS, *LISTS, inspect.NoneType))]
    return fitting[0] if len(fitting) == 1 else None


def _fold_map(value: dict[str, object], shape: inspect.StructType | inspect.DictType, path: str) -> dict[str, object]:
    if isinstance(shape, inspect.DictType):
        return {name: fold(item, shape.value_type, f"{path}[...]") for name, item in value.items()}
    declared = _declared(shape.cls)
    folded = {}
    for name, item in value.items():
        field = declared.get(name.casefold())
        if field is None:
            folded[name] = item
        else:
            folded[field.encode_name] = fold(item, field.type, f"{path}.{field.encode_name}")
    return folded


@lru_cache(maxsize=1024)
def _declared(struct: type) -> Mapping[str, inspect.Field]:
    shape = shape_of(struct)
    fields = shape.fields if isinstance(shape, inspect.StructType) else ()
    return {field.encode_name.casefold(): field for field in fields}


def _fold_scalar(value: object, shape: inspect.Type, path: str) -> object:
    if isinstance(shape, inspect.IntType):
        return _fold_integer(value, path)
    if isinstance(shape, inspect.FloatType):
        return _fold_float(value, path)
    # A moment without a zone is UTC (reference: api-surface 2.2).
    return f"{value}Z" if isinstance(value, str) and ZONELESS.fullmatch(value) else value


def _fold_integer(value: object, path: str) -> object:
    if isinstance(value, str):
        if not INTEGER.fullmatch(value):
            raise FieldInvalid(path, "Expected an integer of at most 64 bits")
        value = int(value)
    if isinstance(value, int | float) and not INTEGERS.start <= value < INTEGERS.stop:
        raise FieldInvalid(path, "Expected an integer of at most 64 bits")
    return value


def _fold_float(value: object, path: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FieldInvalid(path, "Expected a finite number")
    return number
