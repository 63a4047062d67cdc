"""System.Xml: documents, elements and what else is in them. Nothing here opens a file or an address."""

from __future__ import annotations

from collections.abc import Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.spec import TypeSpec, static, takes, with_session
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import to_int, to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import NOTHING, Nothing
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.xml.nodes import KINDS, XmlNode
from certloom.scripting.powershell.xml.paths import select
from certloom.scripting.powershell.xml.reading import read_document
from certloom.scripting.powershell.xml.writing import inner_xml, outer_xml

__all__ = ["XML"]

_LIST, _ATTRIBUTES = "System.Xml.XmlNodeList", "System.Xml.XmlAttributeCollection"
_PREFIXES = "System.Xml.XmlNamespaceManager"
_VALUED = frozenset({"Attribute", "Text", "CDATA", "Comment", "ProcessingInstruction", "XmlDeclaration"})


def any_node(value: object) -> XmlNode:
    """An argument that must be a node."""
    if not isinstance(value, XmlNode):
        raise failure("This takes a node of an XML document.", "System.Management.Automation.MethodException")
    return value


def _list(nodes: list[XmlNode], kind: str = _LIST) -> ListValue:
    return ListValue(list(nodes), kind)


def _namespaces(given: object) -> dict[str, str]:
    if not isinstance(given, Hashtable):
        return {}
    return {text(entry.key): text(entry.value) for entry in given}


def _select(session: Session, node: XmlNode, path: str, prefixes: object = None) -> ListValue:
    return _list(select(session.budget, node, path, _namespaces(prefixes)))


def _select_single(session: Session, node: XmlNode, path: str, prefixes: object = None) -> XmlNode | None:
    return next(iter(select(session.budget, node, path, _namespaces(prefixes))), None)


def _by_name(session: Session, node: XmlNode, name: str) -> ListValue:
    found = []
    for one in node.below():
        session.budget.step()
        if one.kind == "Element" and name in {"*", one.name}:
            found.append(one)
    return _list(found)


def _append(node: XmlNode, child: XmlNode) -> XmlNode:
    if node.kind not in {"Element", "Document"} or child.kind in {"Attribute", "Document"}:
        raise failure("The specified node cannot be inserted as a child of this one.")
    if node.kind == "Document" and child.kind == "Element" and node.root() is not None:
        raise failure("This document already has a 'DocumentElement' node.")
    node.append(child)
    return child


def _remove(node: XmlNode, child: XmlNode) -> XmlNode:
    if child.parent is not node or child.kind == "Attribute":
        raise failure("The node to be removed is not a child of this node.")
    node.children.remove(child)
    child.parent = None
    return child


def _load(session: Session, node: XmlNode, source: str) -> Nothing:
    session.budget.spend(len(source) * 8)
    read = read_document(source)
    node.children = read.children
    for child in node.children:
        child.parent = node
    return NOTHING


def _attribute(node: XmlNode, name: str) -> str:
    found = node.attribute(name)
    return "" if found is None else found.value


def _without(node: XmlNode, name: str) -> Nothing:
    node.attributes = [one for one in node.attributes if one.name != name]
    return NOTHING


def _set(session: Session, node: XmlNode, name: str, value: str) -> Nothing:
    session.budget.spend(200 + len(value))
    node.set_attribute(_checked(name), value)
    return NOTHING


def _checked(name: str) -> str:
    plain = name.replace(":", "").replace("-", "").replace(".", "").replace("_", "")
    if not plain.isalnum() or not (name[0].isalpha() or name[0] == "_"):
        raise failure(f"'{name[:50]}' cannot be the name of an XML node.", inner="System.Xml.XmlException")
    return name


def _made(session: Session, kind: str, name: str, value: str) -> XmlNode:
    session.budget.spend(300 + len(value))
    return XmlNode(kind, name, value)


def _beside(node: XmlNode, by: int) -> XmlNode | None:
    beside = node.parent.children if node.parent is not None and node.kind != "Attribute" else []
    at = next((at for at, one in enumerate(beside) if one is node), -1) + by
    return beside[at] if beside and 0 <= at < len(beside) else None


def _prefix(table: Hashtable, prefix: str, address: str) -> Nothing:
    table.put(prefix, address)
    return NOTHING


def _new_prefixes(_: Session, __: object, ___: Sequence[object]) -> Hashtable:
    return Hashtable(case_sensitive=True, kind=_PREFIXES)


NODE = TypeSpec(
    name="System.Xml.XmlNode",
    properties={
        "Name": lambda node: node.name,
        "LocalName": XmlNode.local,
        "Prefix": XmlNode.prefix,
        "NamespaceURI": lambda node: node.namespace() or "",
        "NodeType": lambda node: node.kind,
        "Value": lambda node: node.value if node.kind in _VALUED else None,
        "InnerText": XmlNode.inner_text,
        "InnerXml": inner_xml,
        "OuterXml": outer_xml,
        "HasChildNodes": lambda node: bool(node.children),
        "ChildNodes": lambda node: _list(node.children),
        "FirstChild": lambda node: node.children[0] if node.children else None,
        "LastChild": lambda node: node.children[-1] if node.children else None,
        "NextSibling": lambda node: _beside(node, 1),
        "PreviousSibling": lambda node: _beside(node, -1),
        "ParentNode": lambda node: None if node.kind == "Attribute" else node.parent,
        "OwnerDocument": lambda node: None if node.kind == "Document" else node.document(),
        "Attributes": lambda node: _list(node.attributes, _ATTRIBUTES) if node.kind == "Element" else None,
    },
    methods={
        "SelectNodes": with_session(_select, to_string, lambda value: value, least=1),
        "SelectSingleNode": with_session(_select_single, to_string, lambda value: value, least=1),
        "AppendChild": takes(_append, any_node),
        "RemoveChild": takes(_remove, any_node),
    },
)
ELEMENT = TypeSpec(
    name=KINDS["Element"],
    bases=("System.Xml.XmlNode",),
    properties={
        "IsEmpty": lambda node: node.short and not node.children,
        "HasAttributes": lambda node: bool(node.attributes),
    },
    methods={
        "GetAttribute": takes(_attribute, to_string),
        "HasAttribute": takes(lambda node, name: node.attribute(name) is not None, to_string),
        "SetAttribute": with_session(_set, to_string, to_string),
        "RemoveAttribute": takes(_without, to_string),
        "GetElementsByTagName": with_session(_by_name, to_string),
    },
)
DOCUMENT = TypeSpec(
    name=KINDS["Document"],
    aliases=("xml",),
    bases=("System.Xml.XmlNode",),
    properties={"DocumentElement": XmlNode.root, "NameTable": lambda _: None},
    methods={
        "LoadXml": with_session(_load, to_string),
        "CreateElement": with_session(
            lambda session, _, name: _made(session, "Element", _checked(name), ""), to_string
        ),
        "CreateTextNode": with_session(lambda session, _, value: _made(session, "Text", "", value), to_string),
        "CreateComment": with_session(
            lambda session, _, value: _made(session, "Comment", "", value.replace("--", "- -")), to_string
        ),
        "GetElementsByTagName": with_session(_by_name, to_string),
    },
    new=static(lambda: XmlNode("Document")),
)

XML: tuple[TypeSpec, ...] = (
    NODE,
    ELEMENT,
    DOCUMENT,
    *(
        TypeSpec(name=KINDS[kind], bases=("System.Xml.XmlNode",))
        for kind in KINDS
        if kind not in {"Document", "Element"}
    ),
    TypeSpec(
        name=_LIST,
        properties={"Count": lambda nodes: len(nodes.items)},
        methods={
            "Item": takes(lambda nodes, at: nodes.items[at] if 0 <= at < len(nodes.items) else None, to_int),
        },
    ),
    TypeSpec(name=_ATTRIBUTES, properties={"Count": lambda nodes: len(nodes.items)}),
    TypeSpec(
        name=_PREFIXES,
        methods={"AddNamespace": takes(_prefix, to_string, to_string)},
        new=_new_prefixes,
    ),
)
