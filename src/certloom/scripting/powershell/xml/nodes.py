"""The nodes of an XML document, as the DOM of .NET has them."""

from __future__ import annotations

from collections.abc import Iterator

from certloom.scripting.powershell.values.errors import MOST_ITEMS, failure, room_for

__all__ = ["DEEPEST", "KINDS", "XmlNode"]

DEEPEST = 64
KINDS: dict[str, str] = {
    "Document": "System.Xml.XmlDocument",
    "Element": "System.Xml.XmlElement",
    "Attribute": "System.Xml.XmlAttribute",
    "Text": "System.Xml.XmlText",
    "CDATA": "System.Xml.XmlCDataSection",
    "Comment": "System.Xml.XmlComment",
    "ProcessingInstruction": "System.Xml.XmlProcessingInstruction",
    "XmlDeclaration": "System.Xml.XmlDeclaration",
}
_NAMES = {"Document": "#document", "Text": "#text", "CDATA": "#cdata-section", "Comment": "#comment"}
_XML = "http://www.w3.org/XML/1998/namespace"
_XMLNS = "http://www.w3.org/2000/xmlns/"


class XmlNode:
    """One node: its kind, qualified name, value (of what has one), attributes and children in order."""

    __slots__ = ("attributes", "children", "kind", "name", "parent", "short", "value")

    def __init__(self, kind: str, name: str = "", value: str = "") -> None:
        self.kind = kind
        self.name = name or _NAMES.get(kind, "xml")
        self.value = value
        self.attributes: list[XmlNode] = []
        self.children: list[XmlNode] = []
        self.parent: XmlNode | None = None
        self.short = True
        """Whether an element without children is written as one tag."""

    @property
    def type(self) -> str:
        """The full name of its type."""
        return KINDS[self.kind]

    def local(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    def prefix(self) -> str:
        """What stands before the colon of the name, empty without one."""
        return self.name.partition(":")[0] if ":" in self.name else ""

    def namespace(self) -> str | None:
        """The address of the node's namespace, empty without one; none when its prefix was never declared."""
        prefix = self.prefix()
        if self.kind == "Attribute" and (self.name == "xmlns" or prefix == "xmlns"):
            return _XMLNS
        if prefix == "xml":
            return _XML
        if self.kind not in {"Element", "Attribute"} or (self.kind == "Attribute" and not prefix):
            return ""
        return self._declared(f"xmlns:{prefix}" if prefix else "xmlns")

    def _declared(self, name: str) -> str | None:
        node: XmlNode | None = self
        while node is not None:
            found = node.attribute(name)
            if found is not None:
                return found.value
            node = node.parent
        return "" if name == "xmlns" else None

    def attribute(self, name: str) -> XmlNode | None:
        """The attribute of exactly that name."""
        return next((one for one in self.attributes if one.name == name), None)

    def set_attribute(self, name: str, value: str) -> None:
        """Set an attribute, which keeps its place when it was there before."""
        found = self.attribute(name)
        if found is not None:
            found.value = value
            return
        room_for(len(self.attributes) + 1, MOST_ITEMS)
        made = XmlNode("Attribute", name, value)
        made.parent = self
        self.attributes.append(made)

    def append(self, child: XmlNode) -> None:
        """Put a node behind the last child; raises the error of a script for what cannot stand there."""
        above = self.line()
        if any(one is child for one in above):
            raise failure("Cannot insert a node or any ancestor of that node as a child of itself.")
        if len(above) + child.height() > DEEPEST:
            raise failure(f"An XML document nests at most {DEEPEST} levels deep.")
        room_for(len(self.children) + 1, MOST_ITEMS)
        if child.parent is not None:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)

    def line(self) -> list[XmlNode]:
        """The node itself and those above it."""
        line = [self]
        while line[-1].parent is not None:
            line.append(line[-1].parent)
        return line

    def height(self) -> int:
        """How many levels the node and what is below it take."""
        return 1 + max((child.height() for child in self.children), default=0)

    def below(self) -> Iterator[XmlNode]:
        """All nodes below, in document order."""
        for child in self.children:
            yield child
            yield from child.below()

    def root(self) -> XmlNode | None:
        """The element of a document that stands in no other."""
        return next((child for child in self.children if child.kind == "Element"), None)

    def document(self) -> XmlNode:
        """The uppermost node above."""
        return self.line()[-1]

    def inner_text(self) -> str:
        """The text of the node and of everything below it."""
        if not self.children:
            return self.value
        return "".join(node.value for node in self.below() if node.kind in {"Text", "CDATA"})

    def set_inner_text(self, value: str) -> None:
        """Put a text in the place of everything below."""
        if self.kind not in {"Element", "Document"}:
            self.value = value
            return
        for child in self.children:
            child.parent = None
        self.children = []
        if value:
            self.append(XmlNode("Text", value=value))
