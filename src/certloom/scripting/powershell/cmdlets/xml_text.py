"""ConvertTo-Xml: objects as elements with their type and their properties."""

from certloom.scripting.powershell.cmdlets.blocks import value_of
from certloom.scripting.powershell.cmdlets.spec import INT, SWITCH, TEXT, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.values.collections import Hashtable, ListValue, PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.xml.nodes import XmlNode
from certloom.scripting.powershell.xml.writing import indented

__all__ = ["XML_TEXT"]

_MOST_LEVELS = 20
_DECLARATION = 'version="1.0" encoding="utf-8"'


class _Writing:
    """One ConvertTo-Xml at work."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.plain = call.flag("NoTypeInformation")

    def put(self, above: XmlNode, value: object, name: str, depth: int) -> None:
        """Write one value below an element; a container takes no level of depth away, an object does."""
        element = self.element(above, value, name)
        if isinstance(value, Hashtable):
            for entry in value:
                self.put(element, entry.key, "Key", depth)
                self.put(element, entry.value, "Value", depth)
        elif isinstance(value, list | ListValue):
            for item in items_of(value):
                self.put(element, item, "", depth)
        elif isinstance(value, PSObject) and depth:
            for one in property_names(value):
                self.put(element, value_of(self.call.scope, value, one), one, depth - 1)
        elif value is not None:
            element.set_inner_text(text(value))

    def element(self, above: XmlNode, value: object, name: str) -> XmlNode:
        self.call.scope.session.budget.step()
        self.call.scope.session.budget.spend(400)
        made = XmlNode("Element", "Object" if above.name == "Objects" else "Property")
        if name:
            made.set_attribute("Name", name)
        if value is not None and not self.plain:
            made.set_attribute("Type", kind_name(value))
        above.append(made)
        return made


def _to_xml(call: Call, items: list[object], emit: Emit) -> None:
    form = text(call.get("As")).lower() if call.has("As") else "document"
    if form not in {"document", "string", "stream"}:
        raise failure(f"ConvertTo-Xml makes a Document, a String or a Stream, not '{form[:50]}'.")
    depth = call.get("Depth") if call.has("Depth") else 1
    if not isinstance(depth, int) or not 1 <= depth <= _MOST_LEVELS:
        raise failure(f"The depth of ConvertTo-Xml is between 1 and {_MOST_LEVELS}.")
    document, objects = XmlNode("Document"), XmlNode("Element", "Objects")
    document.append(XmlNode("XmlDeclaration", value=_DECLARATION))
    document.append(objects)
    for item in items:
        _Writing(call).put(objects, item, "", depth)
    _put_out(document, objects, form, emit)


def _put_out(document: XmlNode, objects: XmlNode, form: str, emit: Emit) -> None:
    if form == "document":
        emit(document)
        return
    if form == "string":
        emit(indented(document))
        return
    emit(f"<?xml {_DECLARATION}?>")
    emit("<Objects>")
    for one in list(objects.children):
        alone = XmlNode("Document")
        alone.append(one)
        emit(indented(alone))
    emit("</Objects>")


XML_TEXT = (
    Cmdlet(
        "ConvertTo-Xml",
        collecting(_to_xml),
        (
            Parameter("InputObject", position=0, pipeline=True),
            Parameter("As", TEXT),
            Parameter("NoTypeInformation", SWITCH),
            Parameter("Depth", INT),
        ),
    ),
)
