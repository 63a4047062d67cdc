"""``[ref]``, and the one culture that scripts know."""

from certloom.scripting.powershell.types.spec import TypeSpec, static
from certloom.scripting.powershell.values.conversion import to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import Culture

__all__ = ["CULTURE", "REFERENCE"]


def _culture(name: str) -> Culture:
    if name:
        raise failure(
            f"Scripts know the invariant culture only, not '{name[:50]}'.",
            inner="System.Globalization.CultureNotFoundException",
        )
    return Culture()


REFERENCE = TypeSpec(
    name="System.Management.Automation.PSReference",
    aliases=("ref",),
    properties={"Value": lambda reference: reference.read()},
)
CULTURE = TypeSpec(
    name="System.Globalization.CultureInfo",
    aliases=("cultureinfo",),
    properties={"Name": lambda _: "", "DisplayName": lambda _: "Invariant Language (Invariant Country)"},
    static_properties=dict.fromkeys(("InvariantCulture", "CurrentCulture", "CurrentUICulture"), Culture),
    static_methods={"GetCultureInfo": static(_culture, to_string)},
    new=static(_culture, to_string),
)
