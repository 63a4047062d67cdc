"""The plain-text form of an HTML mail, for readers without HTML and for people who want to see where links lead."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from typing_extensions import override

__all__ = ["plain_text"]

_BREAKING = frozenset(
    {"p", "div", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "tr", "pre", "blockquote", "hr"}
)
_SPACES = re.compile(r"[ \t\r\f\v]+")


def plain_text(clean_html: str) -> str:
    """The text of cleaned HTML: blocks become lines, list items get a dash, links show their address."""
    reader = _Reader()
    reader.feed(clean_html)
    reader.close()
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(reader.parts).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[tuple[str, int]] = []

    @override
    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in _BREAKING:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKING - {"br", "hr"}:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            if address and address != "".join(self.parts[start:]).strip():
                self.parts.append(f" ({address})")

    @override
    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))
