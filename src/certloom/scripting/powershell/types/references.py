"""``[ref]``, what ``$foreach`` is, and the one culture that scripts know."""

import re

from certloom.scripting.powershell.types.spec import TypeSpec, static, takes
from certloom.scripting.powershell.values.conversion import to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import NOTHING, Culture, Enumeration

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

__all__ = ["CULTURE", "ENUMERATION", "REFERENCE"]


def _culture(name: str) -> Culture:
    if name:
        raise failure(
            f"Scripts know the invariant culture only, not '{name[:50]}'.",
            inner="System.Globalization.CultureNotFoundException",
        )
    return Culture()


def _titled(_: Culture, value: str) -> str:
    """Each word with a capital; a word of capitals alone is an abbreviation and stays."""
    return _WORD.sub(lambda word: word[0] if word[0].isupper() else word[0].capitalize(), value)


def _reset(walk: Enumeration) -> object:
    walk.reset()
    return NOTHING


REFERENCE = TypeSpec(
    name="System.Management.Automation.PSReference",
    aliases=("ref",),
    properties={"Value": lambda reference: reference.read()},
)
ENUMERATION = TypeSpec(
    name="System.Collections.IEnumerator",
    properties={"Current": Enumeration.current},
    methods={"MoveNext": takes(Enumeration.move), "Reset": takes(_reset)},
)
CULTURE = TypeSpec(
    name="System.Globalization.CultureInfo",
    aliases=("cultureinfo",),
    properties={
        "Name": lambda _: "",
        "DisplayName": lambda _: "Invariant Language (Invariant Country)",
        "TextInfo": lambda one: one,
    },
    methods={
        "ToTitleCase": takes(_titled, to_string),
        "ToUpper": takes(lambda _, value: value.upper(), to_string),
        "ToLower": takes(lambda _, value: value.lower(), to_string),
    },
    static_properties=dict.fromkeys(("InvariantCulture", "CurrentCulture", "CurrentUICulture"), Culture),
    static_methods={"GetCultureInfo": static(_culture, to_string)},
    new=static(_culture, to_string),
)
