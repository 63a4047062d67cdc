"""Nodes as text: ``OuterXml`` and ``InnerXml``, and a document with indents."""

from collections.abc import Callable

from certloom.scripting.powershell.values.errors import room_for
from certloom.scripting.powershell.xml.nodes import XmlNode

__all__ = ["indented", "inner_xml", "outer_xml"]

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;"}
)


def outer_xml(node: XmlNode) -> str:
    """The node and everything below it."""
    parts: list[str] = []
    _write(node, parts)
    return _joined(parts)


def inner_xml(node: XmlNode) -> str:
    """Everything below the node."""
    if node.kind == "Attribute":
        return node.value.translate(_ATTRIBUTE)
    parts: list[str] = []
    for child in node.children:
        _write(child, parts)
    return _joined(parts)


def indented(document: XmlNode) -> str:
    """A document with one element per line and two blanks per level, as .NET's writer indents it."""
    parts: list[str] = []
    for child in document.children:
        _indent(child, parts, 0)
    return _joined(parts).removeprefix("\n")


def _joined(parts: list[str]) -> str:
    room_for(sum(map(len, parts)))
    return "".join(parts)


def _opened(node: XmlNode) -> str:
    said = "".join(f' {one.name}="{one.value.translate(_ATTRIBUTE)}"' for one in node.attributes)
    return f"<{node.name}{said}"


def _write(node: XmlNode, parts: list[str]) -> None:
    if node.kind not in {"Element", "Document"}:
        parts.append(_LEAVES[node.kind](node))
        return
    if node.kind == "Element":
        parts.append(_opened(node) + (">" if node.children else " />" if node.short else f"></{node.name}>"))
    for child in node.children:
        _write(child, parts)
    if node.kind == "Element" and node.children:
        parts.append(f"</{node.name}>")


def _indent(node: XmlNode, parts: list[str], level: int) -> None:
    parts.append("\n" + "  " * level)
    if node.kind != "Element" or any(child.kind in {"Text", "CDATA"} for child in node.children) or not node.children:
        _write(node, parts)
        return
    parts.append(_opened(node) + ">")
    for child in node.children:
        _indent(child, parts, level + 1)
    parts.append("\n" + "  " * level + f"</{node.name}>")


_LEAVES: dict[str, Callable[[XmlNode], str]] = {
    "Text": lambda node: node.value.translate(_TEXT),
    "CDATA": lambda node: f"<![CDATA[{node.value.replace(']]>', ']]]]><![CDATA[>')}]]>",
    "Comment": lambda node: f"<!--{node.value}-->",
    "ProcessingInstruction": lambda node: f"<?{node.name} {node.value}?>",
    "XmlDeclaration": lambda node: f"<?xml {node.value}?>",
    "Attribute": lambda node: f'{node.name}="{node.value.translate(_ATTRIBUTE)}"',
}
