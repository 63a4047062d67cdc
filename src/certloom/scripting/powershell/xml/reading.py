"""Reading XML: no DTD and so no entities, no external anything, limited in depth and number of nodes."""

from __future__ import annotations

from xml.parsers import expat

from certloom.scripting.powershell.values.errors import MOST_ITEMS, ScriptError, failure, room_for
from certloom.scripting.powershell.xml.nodes import DEEPEST, XmlNode

__all__ = ["read_document"]


def read_document(text: str) -> XmlNode:
    """The document that a text is; blanks between elements are dropped, as the cast to ``[xml]`` drops them."""
    room_for(len(text))
    try:
        reader = _Reader(text.encode())
        reader.parser.Parse(reader.source, True)
    except expat.ExpatError as wrong:
        raise unreadable(
            f"{expat.ErrorString(wrong.code)} Line {wrong.lineno}, position {wrong.offset + 1}."
        ) from wrong
    except UnicodeEncodeError as wrong:
        raise unreadable("It holds half a character.") from wrong
    return reader.document


def unreadable(reason: str) -> ScriptError:
    """The error of a text that is no XML."""
    return failure(
        f'Cannot convert value to type "System.Xml.XmlDocument". Error: "{reason}"',
        "System.Management.Automation.PSInvalidCastException",
        "System.Xml.XmlException",
    )


class _Reader:
    """Builds a document from what the parser tells."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.document = XmlNode("Document")
        self.above = [self.document]
        self.text: list[str] = []
        self.cdata = False
        self.nodes = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.XmlDeclHandler = self.declaration
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.StartCdataSectionHandler = self.start_cdata
        self.parser.EndCdataSectionHandler = self.end_cdata
        self.parser.CommentHandler = self.comment
        self.parser.ProcessingInstructionHandler = self.instruction

    def doctype(self, *_: object) -> None:
        raise unreadable("A document type declaration is not allowed here. Remove the DOCTYPE.")

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        said = f'version="{version}"' + (f' encoding="{encoding}"' if encoding else "")
        if standalone >= 0:
            said += f' standalone="{"yes" if standalone else "no"}"'
        self.put(XmlNode("XmlDeclaration", value=said))

    def start(self, name: str, attributes: list[str]) -> None:
        self.flush()
        if len(self.above) > DEEPEST:
            raise unreadable(f"It nests more than {DEEPEST} levels deep.")
        made = XmlNode("Element", name)
        self.count(1 + len(attributes) // 2)
        for at in range(0, len(attributes), 2):
            one = XmlNode("Attribute", attributes[at], attributes[at + 1])
            one.parent = made
            made.attributes.append(one)
        self.put(made)
        self.above.append(made)
        undeclared = next((one for one in (made, *made.attributes) if one.prefix() and one.namespace() is None), None)
        if undeclared is not None:
            raise unreadable(f"'{undeclared.prefix()}' is an undeclared prefix.")

    def end(self, _: str) -> None:
        self.flush()
        ended = self.above.pop()
        at = self.parser.CurrentByteIndex
        ended.short = self.source[at - 2 : at] == b"/>"

    def start_cdata(self) -> None:
        self.flush()
        self.cdata = True

    def end_cdata(self) -> None:
        self.flush()
        self.cdata = False

    def comment(self, said: str) -> None:
        self.flush()
        self.put(XmlNode("Comment", value=said))

    def instruction(self, target: str, said: str) -> None:
        self.flush()
        self.put(XmlNode("ProcessingInstruction", target, said))

    def flush(self) -> None:
        """Make one text node of what was read; one of blanks alone is none."""
        whole = "".join(self.text)
        self.text.clear()
        if self.cdata or whole.strip(" \t\r\n"):
            self.put(XmlNode("CDATA" if self.cdata else "Text", value=whole))

    def put(self, node: XmlNode) -> None:
        self.count(1)
        node.parent = self.above[-1]
        self.above[-1].children.append(node)

    def count(self, nodes: int) -> None:
        self.nodes += nodes
        room_for(self.nodes, MOST_ITEMS)
