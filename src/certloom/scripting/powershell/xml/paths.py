"""What an XPath expression gives for a node: nodes, a text, a number or whether something holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from certloom.scripting.powershell.limits import Budget
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.xml.nodes import XmlNode
from certloom.scripting.powershell.xml.path_reading import Call, Compare, Join, Path, Step, Term, Value, read_path

__all__ = ["select"]

Found = list[XmlNode] | str | float | bool


def select(budget: Budget, node: XmlNode, text: str, prefixes: Mapping[str, str]) -> list[XmlNode]:
    """The nodes that an expression selects, each once; raises the error of a script when it gives no nodes."""
    found = _Evaluation(budget, prefixes, text).value(read_path(text), node, 1, 1)
    if not isinstance(found, list):
        raise failure(f"'{text[:100]}' gives no nodes. Write a path.", inner="System.Xml.XPath.XPathException")
    return found


def _text_of(value: Found) -> str:
    if isinstance(value, list):
        return value[0].inner_text() if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    return value


def _number_of(value: Found) -> float:
    try:
        return float(value) if isinstance(value, bool | float) else float(_text_of(value).strip())
    except ValueError:
        return math.nan


def _holds(value: Found) -> bool:
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_FUNCTIONS: dict[str, Callable[..., Found]] = {
    "not": lambda value: not _holds(value),
    "boolean": _holds,
    "true": lambda: True,
    "false": lambda: False,
    "count": lambda value: float(len(value)),
    "contains": lambda value, part: _text_of(part) in _text_of(value),
    "starts-with": lambda value, part: _text_of(value).startswith(_text_of(part)),
    "substring-before": lambda value, part: (
        _text_of(value).partition(_text_of(part))[0] if _text_of(part) in _text_of(value) else ""
    ),
    "substring-after": lambda value, part: _text_of(value).partition(_text_of(part))[2],
    "concat": lambda *parts: "".join(map(_text_of, parts)),
}
_OF_NODE: dict[str, Callable[[Found], Found]] = {
    "string": _text_of,
    "number": _number_of,
    "normalize-space": lambda value: " ".join(_text_of(value).split()),
    "string-length": lambda value: float(len(_text_of(value))),
    "name": lambda value: value[0].name if isinstance(value, list) and value else "",
    "local-name": lambda value: value[0].local() if isinstance(value, list) and value else "",
    "namespace-uri": lambda value: (value[0].namespace() or "") if isinstance(value, list) and value else "",
}


class _Evaluation:
    """One expression at work; every node that it looks at is paid for."""

    def __init__(self, budget: Budget, prefixes: Mapping[str, str], text: str) -> None:
        self.budget = budget
        self.prefixes = prefixes
        self.text = text

    def value(self, term: Term, node: XmlNode, place: int, size: int) -> Found:
        self.budget.step()
        if isinstance(term, Value):
            return term.value
        if isinstance(term, Path):
            return self.walk(term, node)
        if isinstance(term, Compare):
            return _compared(
                term.operator, self.value(term.left, node, place, size), self.value(term.right, node, place, size)
            )
        if isinstance(term, Join):
            return self.joined(term, node, place, size)
        return self.called(term, node, place, size)

    def joined(self, term: Join, node: XmlNode, place: int, size: int) -> Found:
        if term.operator != "|":
            hold = any if term.operator == "or" else all
            return hold(_holds(self.value(one, node, place, size)) for one in term.terms)
        found: set[XmlNode] = set()
        for one in term.terms:
            nodes = self.value(one, node, place, size)
            found.update(nodes if isinstance(nodes, list) else [])
        return [one for one in self._all(node.document()) if one in found]

    def _all(self, document: XmlNode) -> Iterator[XmlNode]:
        for node in (document, *document.below()):
            self.budget.step()
            yield node
            yield from node.attributes

    def called(self, term: Call, node: XmlNode, place: int, size: int) -> Found:
        if term.name in {"position", "last"} and not term.arguments:
            return float(place if term.name == "position" else size)
        given = [self.value(one, node, place, size) for one in term.arguments]
        try:
            if term.name in _OF_NODE:
                return _OF_NODE[term.name](*(given or [[node]]))
            return _FUNCTIONS[term.name](*given)
        except (KeyError, TypeError) as wrong:
            raise failure(
                f"XPath has no function {term.name}() with {len(given)} arguments here.",
                inner="System.Xml.XPath.XPathException",
            ) from wrong

    def walk(self, path: Path, node: XmlNode) -> list[XmlNode]:
        nodes = [node.document() if path.absolute else node]
        for step in path.steps:
            found: dict[XmlNode, None] = {}
            for one in nodes:
                found.update(dict.fromkeys(self.stepped(step, one)))
            nodes = list(found)
        return nodes

    def stepped(self, step: Step, node: XmlNode) -> list[XmlNode]:
        kept = []
        for one in _AXES[step.axis](node):
            self.budget.step()
            if self.fits(step, one):
                kept.append(one)
        for predicate in step.predicates:
            size = len(kept)
            kept = [one for at, one in enumerate(kept, 1) if self.picked(predicate, one, at, size)]
        return kept

    def picked(self, predicate: Term, node: XmlNode, place: int, size: int) -> bool:
        value = self.value(predicate, node, place, size)
        return value == place if isinstance(value, float) else _holds(value)

    def fits(self, step: Step, node: XmlNode) -> bool:
        if step.test in _TESTS:
            return node.kind in _TESTS[step.test] or step.test == "node()"
        if node.kind != ("Attribute" if step.axis == "attribute" else "Element"):
            return False
        if node.kind == "Attribute" and (node.name == "xmlns" or node.prefix() == "xmlns"):
            return False
        prefix, _, local = step.test.rpartition(":")
        if prefix and prefix not in self.prefixes:
            raise failure(
                f"Namespace prefix '{prefix}' in '{self.text[:100]}' is not defined. Pass a XmlNamespaceManager.",
                inner="System.Xml.XPath.XPathException",
            )
        return step.test == "*" or (
            node.local() == local and (node.namespace() or "") == (self.prefixes[prefix] if prefix else "")
        )


_TESTS = {"node()": frozenset[str](), "text()": frozenset({"Text", "CDATA"}), "comment()": frozenset({"Comment"})}


def _above(node: XmlNode) -> Iterator[XmlNode]:
    while node.parent is not None:
        node = node.parent
        yield node


def _beside(node: XmlNode) -> tuple[list[XmlNode], list[XmlNode]]:
    if node.parent is None or node.kind == "Attribute":
        return [], []
    at = next(at for at, one in enumerate(node.parent.children) if one is node)
    return node.parent.children[:at], node.parent.children[at + 1 :]


def _itself(node: XmlNode) -> Iterator[XmlNode]:
    yield node
    yield from node.below()


_AXES: dict[str, Callable[[XmlNode], Iterator[XmlNode] | Sequence[XmlNode]]] = {
    "child": lambda node: node.children,
    "descendant": XmlNode.below,
    "descendant-or-self": _itself,
    "parent": lambda node: [node.parent] if node.parent is not None else [],
    "self": lambda node: [node],
    "attribute": lambda node: node.attributes,
    "ancestor": _above,
    "following-sibling": lambda node: _beside(node)[1],
    "preceding-sibling": lambda node: _beside(node)[0][::-1],
}


def _compared(operator: str, left: Found, right: Found) -> bool:
    """Node sets compare when one of their nodes does (XPath 1.0, section 3.4)."""
    if isinstance(left, list) and not isinstance(right, bool):
        return any(_compared(operator, node.inner_text(), right) for node in left)
    if isinstance(right, list) and not isinstance(left, bool):
        return any(_compared(operator, left, node.inner_text()) for node in right)
    if operator in _ORDERS:
        return _ORDERS[operator](_number_of(left), _number_of(right))
    same = _same(left, right)
    return same if operator == "=" else not same


def _same(left: Found, right: Found) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _holds(left) is _holds(right)
    if isinstance(left, float) or isinstance(right, float):
        return _number_of(left) == _number_of(right)
    return _text_of(left) == _text_of(right)
