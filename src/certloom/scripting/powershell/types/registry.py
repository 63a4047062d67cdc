"""All types, written out, and how a name in a script finds one."""

from difflib import get_close_matches

from certloom.scripting.powershell.syntax.expressions import TypeName
from certloom.scripting.powershell.types.arrays import ARRAY
from certloom.scripting.powershell.types.big_numbers import BIG_INTEGER
from certloom.scripting.powershell.types.convert import BIT_CONVERTER, CONVERT
from certloom.scripting.powershell.types.datetimes import DATETIME
from certloom.scripting.powershell.types.enums import ENUM
from certloom.scripting.powershell.types.exceptions import EXCEPTIONS
from certloom.scripting.powershell.types.lists import LISTS
from certloom.scripting.powershell.types.math import MATH
from certloom.scripting.powershell.types.names import NAMES
from certloom.scripting.powershell.types.numbers import NUMBERS
from certloom.scripting.powershell.types.objects import BLOCK, CUSTOM, ERROR, OBJECT, PSOBJECT, RECORDS, TYPE
from certloom.scripting.powershell.types.offsets import OFFSET
from certloom.scripting.powershell.types.plain import PLAIN
from certloom.scripting.powershell.types.random import RANDOM
from certloom.scripting.powershell.types.references import CULTURE, ENUMERATION, REFERENCE
from certloom.scripting.powershell.types.regexes import REGEXES
from certloom.scripting.powershell.types.sets import HASH_SET
from certloom.scripting.powershell.types.spec import TypeSpec
from certloom.scripting.powershell.types.strings import STRING
from certloom.scripting.powershell.types.tables import COMPARER, DICTIONARY, ENTRY, HASHTABLE, ORDERED
from certloom.scripting.powershell.types.texts import TEXTS
from certloom.scripting.powershell.types.timespans import TIMESPAN
from certloom.scripting.powershell.types.views import VIEWS
from certloom.scripting.powershell.types.xml import XML
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.objects import TypeRef

__all__ = ["SPECS", "TYPES", "derives", "find", "nearest_type", "resolve"]

TYPES: tuple[TypeSpec, ...] = (
    STRING,
    ARRAY,
    HASHTABLE,
    ORDERED,
    DICTIONARY,
    ENTRY,
    COMPARER,
    OBJECT,
    PSOBJECT,
    CUSTOM,
    BLOCK,
    ERROR,
    *RECORDS,
    TYPE,
    *NUMBERS,
    MATH,
    CONVERT,
    BIT_CONVERTER,
    DATETIME,
    TIMESPAN,
    OFFSET,
    BIG_INTEGER,
    ENUM,
    REFERENCE,
    ENUMERATION,
    CULTURE,
    *LISTS,
    HASH_SET,
    *REGEXES,
    *PLAIN,
    *TEXTS,
    RANDOM,
    *XML,
    *VIEWS,
    *EXCEPTIONS,
    *NAMES,
)
SPECS = {spec.name: spec for spec in TYPES}


def _names() -> dict[str, TypeSpec]:
    names: dict[str, TypeSpec] = {}
    for spec in TYPES:
        for name in (spec.name, *spec.aliases):
            names[name.lower()] = spec
            names.setdefault(name.lower().removeprefix("system."), spec)
            names.setdefault(name.lower().partition("`")[0], spec)
            names.setdefault(name.lower().partition("`")[0].removeprefix("system."), spec)
    return names


_NAMES = _names()


def find(name: str) -> TypeSpec | None:
    """The type that a name means, ignoring case; ``System.`` may be left out."""
    return _NAMES.get(name.lower())


def nearest_type(name: str) -> str:
    """The allowed name that is spelled most like another."""
    close = get_close_matches(name.lower(), _NAMES, 1, 0.5)
    return close[0] if close else "string"


def resolve(name: TypeName) -> TypeRef:
    """The type that is written; raises the error of a script when there is none."""
    spec = find(name.name)
    if spec is None or (spec.generic and len(name.arguments) not in {0, spec.generic}):
        raise unknown(name.name)
    ref = TypeRef(spec.name, tuple(resolve(argument) for argument in name.arguments))
    for _ in range(name.ranks):
        ref = TypeRef("System.Array", (), ref)
    return ref


def unknown(name: str) -> ScriptError:
    """The error of a type that scripts may not name."""
    return failure(
        f"Unable to find type [{name}]. Restricted PowerShell has no such type; the nearest is [{nearest_type(name)}].",
    )


def derives(kind: TypeRef, wanted: TypeRef) -> bool:
    """Whether a value of one type is also a value of another (``-is``)."""
    if kind == wanted or wanted.name in {"System.Object", "System.Management.Automation.PSObject"}:
        return wanted.element is None or kind == wanted
    if wanted.element is not None:
        return False
    spec = SPECS.get(kind.name)
    bases = spec.bases if spec is not None else ()
    return wanted.name in bases or (kind.name == wanted.name and not wanted.arguments)
