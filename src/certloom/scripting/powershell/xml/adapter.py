"""``$document.element.attribute``: attributes and elements of a node read and set as its properties."""

from __future__ import annotations

from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.xml.nodes import XmlNode
from certloom.scripting.powershell.xml.reading import read_document

__all__ = ["assign", "named", "names"]


def _of_name(node: XmlNode, name: str) -> list[XmlNode]:
    """Attributes and then children of a name without prefix, ignoring case."""
    wanted = name.lower()
    return [one for one in (*node.attributes, *node.children) if one.local().lower() == wanted]


def named(node: XmlNode, name: str) -> list[object]:
    """The values of the attributes and children of a name, in their order."""
    return [_shown(one) for one in _of_name(node, name)]


def _shown(node: XmlNode) -> object:
    """Text where there is only text, else the node."""
    if node.kind in {"Attribute", "Text", "CDATA", "Comment"}:
        return node.value
    if node.attributes or node.kind != "Element":
        return node
    if not node.children or (len(node.children) == 1 and node.children[0].kind == "Text"):
        return node.inner_text()
    return node


def names(node: XmlNode) -> list[str]:
    """The names that the node's attributes and children have, each once."""
    return list(dict.fromkeys(one.local() for one in (*node.attributes, *node.children)))


def _set_inner_xml(node: XmlNode, value: str) -> None:
    read = read_document(f"<x>{value}</x>").root()
    node.set_inner_text("")
    for child in list(read.children) if read is not None else []:
        node.append(child)


def assign(node: XmlNode, name: str, value: object) -> None:
    """Set what a name stands for, or the text of the node; raises the error of a script for anything but text."""
    if not isinstance(value, str):
        raise failure(f'Cannot set "{name}" because only strings can be used as values to set XmlNode properties.')
    found = _of_name(node, name)
    if len(found) > 1:
        raise failure(f'Cannot set "{name}" because more than one node has that name.')
    if found:
        found[0].set_inner_text(value)
    elif name.lower() == "innerxml" and node.kind == "Element":
        _set_inner_xml(node, value)
    elif name.lower() == "innertext" or (name.lower() == "value" and node.kind not in {"Element", "Document"}):
        node.set_inner_text(value)
    else:
        raise failure(
            f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
        )
