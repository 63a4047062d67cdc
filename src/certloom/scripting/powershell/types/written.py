"""Type names that stand in strings, as New-Object takes them."""

from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.parser import read_type
from certloom.scripting.powershell.types.registry import resolve, unknown
from certloom.scripting.powershell.values.objects import TypeRef

__all__ = ["written_type"]


def written_type(text: str) -> TypeRef:
    """The type that a text names; raises the error of a script when there is none."""
    try:
        return resolve(read_type(text))
    except ScriptUnreadable as wrong:
        raise unknown(text[:100]) from wrong
