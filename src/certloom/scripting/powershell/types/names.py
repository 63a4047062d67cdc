"""Types that scripts only name: enumerations, interfaces, and those that only convert."""

from collections.abc import Callable

from certloom.scripting.powershell.types.spec import TypeSpec
from certloom.scripting.powershell.values.enums import ENUMS
from certloom.scripting.powershell.values.objects import EnumValue

__all__ = ["NAMES"]


def _member(kind: str, name: str, value: int) -> Callable[[], object]:
    return lambda: EnumValue(kind, name, value)


_ENUMERATIONS = tuple(
    TypeSpec(
        name=kind,
        aliases=(kind.rpartition(".")[2],),
        bases=("System.Enum", "System.ValueType"),
        properties={"value__": lambda target: target.value},
        static_properties={name: _member(kind, name, value) for name, value in members.items()},
    )
    for kind, members in ENUMS.items()
)

NAMES: tuple[TypeSpec, ...] = (
    *_ENUMERATIONS,
    TypeSpec(name="System.Void", aliases=("void",)),
    TypeSpec(name="System.ValueType"),
    TypeSpec(name="System.IComparable"),
    TypeSpec(name="System.IFormattable"),
    TypeSpec(name="System.Type"),
    TypeSpec(name="System.Management.Automation.SwitchParameter", aliases=("switch",)),
    TypeSpec(name="System.Nullable`1", aliases=("nullable",), generic=1),
    TypeSpec(name="System.Collections.IDictionary", aliases=("idictionary",)),
    TypeSpec(name="System.Collections.IList"),
    TypeSpec(name="System.Collections.ICollection"),
    TypeSpec(name="System.Collections.IEnumerable"),
)
