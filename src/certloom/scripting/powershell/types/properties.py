"""Which properties a value shows: what Select-Object, ConvertTo-Json and comparison of objects go over."""

from certloom.scripting.powershell.types.registry import SPECS
from certloom.scripting.powershell.values.collections import Hashtable, ListValue, PSObject
from certloom.scripting.powershell.values.kinds import type_of
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.xml.adapter import names
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["property_names"]


def property_names(value: object) -> list[str]:
    """The names of a value's properties, or of a hashtable's keys."""
    if isinstance(value, PSObject):
        return [one.name for one in value if one.kind != "ScriptMethod"]
    if isinstance(value, Hashtable):
        return [text(entry.key) for entry in value]
    if isinstance(value, XmlNode):
        return names(value)
    if value is None or isinstance(value, list | ListValue):
        return []
    spec = SPECS.get(type_of(value).name)
    return list(spec.properties) if spec is not None else []
