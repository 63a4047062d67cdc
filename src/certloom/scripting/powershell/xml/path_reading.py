"""XPath expressions: from text to a tree, for the part of XPath 1.0 that scripts use."""

from __future__ import annotations

import re

import msgspec

from certloom.scripting.powershell.values.errors import ScriptError, failure

__all__ = ["Call", "Compare", "Join", "Path", "Step", "Term", "Value", "read_path"]

LONGEST = 1_000
_TOKEN = re.compile(
    r"\s*(\d+(?:\.\d*)?|\.\d+|'[^']*'|\"[^\"]*\"|::|//|\.\.|!=|<=|>=|[/.@\[\]()|=<>,*]|[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?(?!:\w))"
)
_AXES = frozenset(
    [
        "child",
        "descendant",
        "descendant-or-self",
        "parent",
        "self",
        "attribute",
        "ancestor",
        "following-sibling",
        "preceding-sibling",
    ]
)
_COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})


class Value(msgspec.Struct, frozen=True):
    """A number or a text."""

    value: float | str


class Step(msgspec.Struct, frozen=True):
    """Where to go from a node, which names to take, and what must hold for them."""

    axis: str
    test: str
    predicates: tuple[Term, ...] = ()


class Path(msgspec.Struct, frozen=True):
    """Steps from the document (absolute) or from the node at hand; several of them unite."""

    absolute: bool
    steps: tuple[Step, ...]


class Call(msgspec.Struct, frozen=True):
    """A function with its arguments."""

    name: str
    arguments: tuple[Term, ...]


class Compare(msgspec.Struct, frozen=True):
    """Two values beside ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""

    operator: str
    left: Term
    right: Term


class Join(msgspec.Struct, frozen=True):
    """Terms joined by ``and``, ``or`` or ``|``."""

    operator: str
    terms: tuple[Term, ...]


Term = Value | Path | Call | Compare | Join


def invalid(text: str) -> ScriptError:
    """The error of a text that is no expression of this part of XPath."""
    return failure(
        f"'{text[:100]}' is no XPath that scripts may use: paths, predicates, comparisons and the common functions.",
        inner="System.Xml.XPath.XPathException",
    )


def read_path(text: str) -> Term:
    """The tree of an expression; raises the error of a script when it is none."""
    reader = _Reader(text)
    term = reader.union()
    if reader.at < len(reader.tokens):
        raise invalid(text)
    return term


class _Reader:
    """A place among the tokens of an expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        self.at = 0
        self.depth = 0
        place, end = 0, len(text.rstrip())
        while place < end:
            found = _TOKEN.match(text, place) if len(text) <= LONGEST else None
            if found is None:
                raise invalid(text)
            self.tokens.append(found[1])
            place = found.end()

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def accept(self, *wanted: str) -> str:
        found = self.peek()
        if found not in wanted or not found:
            return ""
        self.at += 1
        return found

    def expect(self, wanted: str) -> None:
        if not self.accept(wanted):
            raise invalid(self.text)

    def either(self) -> Term:
        return self._joined("or", lambda: self._joined("and", self.comparison))

    def union(self) -> Term:
        self.depth += 1
        if self.depth > 20:  # noqa: PLR2004 - deeper than any sensible expression
            raise invalid(self.text)
        found = self._joined("|", self.term)
        self.depth -= 1
        return found

    def _joined(self, operator: str, part: object) -> Term:
        terms = [part()]  # type: ignore[operator]  # one of the rules of this class
        while self.accept(operator):
            terms.append(part())  # type: ignore[operator]  # likewise
        return terms[0] if len(terms) == 1 else Join(operator, tuple(terms))

    def comparison(self) -> Term:
        left = self.union()
        operator = self.accept(*_COMPARED)
        return Compare(operator, left, self.union()) if operator else left

    def term(self) -> Term:
        first = self.peek()
        if first[:1] in {"'", '"'}:
            self.at += 1
            return Value(first[1:-1])
        if first[:1].isdigit() or (first[:1] == "." and first[1:].isdigit()):
            self.at += 1
            return Value(float(first))
        if self.accept("("):
            inner = self.either()
            self.expect(")")
            return inner
        if self.peek(1) == "(" and first not in {"text", "node", "comment"}:
            return self.call()
        return self.path()

    def call(self) -> Call:
        name = self.peek()
        self.at += 2
        arguments: list[Term] = []
        while not self.accept(")"):
            arguments.append(self.either())
            if self.peek() != ")":
                self.expect(",")
        return Call(name, tuple(arguments))

    def path(self) -> Path:
        steps: list[Step] = []
        slash = self.accept("/", "//")
        absolute = bool(slash)
        if slash == "/" and not self._opens_step():
            return Path(absolute, ())
        while True:
            if slash == "//":
                steps.append(Step("descendant-or-self", "node()"))
            steps.append(self.step())
            slash = self.accept("/", "//")
            if not slash:
                return Path(absolute, tuple(steps))

    def _opens_step(self) -> bool:
        first = self.peek()
        return first in {".", "..", "@", "*"} or first[:1].isalpha() or first[:1] == "_"

    def step(self) -> Step:
        if not self._opens_step():
            raise invalid(self.text)
        if self.accept("."):
            return Step("self", "node()")
        if self.accept(".."):
            return Step("parent", "node()")
        axis = "attribute" if self.accept("@") else "child"
        if self.peek(1) == "::":
            axis = self.peek()
            self.at += 2
        if axis not in _AXES:
            raise invalid(self.text)
        return Step(axis, self.test(), self.predicates())

    def test(self) -> str:
        name = self.peek()
        if name != "*" and not (name[:1].isalpha() or name[:1] == "_"):
            raise invalid(self.text)
        self.at += 1
        if name in {"text", "node", "comment"} and self.accept("("):
            self.expect(")")
            return f"{name}()"
        return name

    def predicates(self) -> tuple[Term, ...]:
        found: list[Term] = []
        while self.accept("["):
            found.append(self.either())
            self.expect("]")
        return tuple(found)
