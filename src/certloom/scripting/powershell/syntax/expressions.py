"""What has a value: literals, variables, operators, members, calls."""

from __future__ import annotations

import msgspec

from certloom.scripting.powershell.syntax.place import Node

__all__ = [
    "ArrayExpression",
    "ArrayLiteral",
    "Binary",
    "BlockLiteral",
    "Cast",
    "Expression",
    "HashLiteral",
    "Index",
    "Invocation",
    "Literal",
    "Member",
    "Parenthesized",
    "Splat",
    "Step",
    "SubExpression",
    "Template",
    "Ternary",
    "TypeLiteral",
    "TypeName",
    "Unary",
    "Validated",
    "Variable",
]


class Expression(Node, frozen=True):
    """Anything that has a value."""


class TypeName(Node, frozen=True):
    """A type as written: ``List[string]`` has arguments, ``int[]`` has one array rank."""

    name: str
    arguments: tuple[TypeName, ...] = ()
    ranks: int = 0

    def text(self) -> str:
        """The name with its arguments and ranks, as a script would write it."""
        inner = f"[{','.join(argument.text() for argument in self.arguments)}]" if self.arguments else ""
        return self.name + inner + "[]" * self.ranks


class Literal(Expression, frozen=True):
    """A number or a string without variables."""

    value: object


class Template(Expression, frozen=True):
    """An expandable string: text and the expressions between it."""

    parts: tuple[str | Expression, ...]


class Variable(Expression, frozen=True):
    """``$name`` or ``$scope:name``; the scope is empty when none was written."""

    scope: str
    name: str


class Splat(Expression, frozen=True):
    """``@name`` among the arguments of a command."""

    name: str


class ArrayLiteral(Expression, frozen=True):
    """``a, b`` or ``, a``."""

    items: tuple[Expression, ...]


class ArrayExpression(Expression, frozen=True):
    """``@( ... )``: always an array of whatever the statements put out."""

    body: msgspec.Struct


class SubExpression(Expression, frozen=True):
    """``$( ... )``: what the statements put out, unrolled when it is one thing."""

    body: msgspec.Struct


class Parenthesized(Expression, frozen=True):
    """``( ... )`` around one pipeline or assignment."""

    statement: msgspec.Struct


class HashLiteral(Expression, frozen=True):
    """``@{ key = value }``; a value is a statement."""

    entries: tuple[tuple[Expression, msgspec.Struct], ...]


class BlockLiteral(Expression, frozen=True):
    """``{ ... }`` as a value."""

    body: msgspec.Struct


class TypeLiteral(Expression, frozen=True):
    """``[name]`` as a value."""

    type: TypeName


class Cast(Expression, frozen=True):
    """``[name] operand``."""

    type: TypeName
    operand: Expression


class Validated(Expression, frozen=True):
    """``[Attribute(...)] operand``: what stands left of an assignment that the attribute watches over."""

    attributes: tuple[msgspec.Struct, ...]
    operand: Expression


class Unary(Expression, frozen=True):
    """An operator before its operand: ``-not``, ``!``, ``-``, ``+``, ``-bnot``, ``-join``, ``-split``."""

    operator: str
    operand: Expression


class Binary(Expression, frozen=True):
    """An operator between two operands, in lower case and without its dash."""

    operator: str
    left: Expression
    right: Expression


class Ternary(Expression, frozen=True):
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression


class Member(Expression, frozen=True):
    """``target.name``, ``[type]::name``, ``${target}?.name``."""

    target: Expression
    name: str | Expression
    static: bool = False
    optional: bool = False


class Invocation(Expression, frozen=True):
    """A member that is called."""

    target: Expression
    name: str | Expression
    arguments: tuple[Expression, ...]
    static: bool = False
    optional: bool = False


class Index(Expression, frozen=True):
    """``target[index]``."""

    target: Expression
    index: Expression
    optional: bool = False


class Step(Expression, frozen=True):
    """``++`` and ``--`` before or behind a variable, member or element."""

    operator: str
    prefix: bool
    target: Expression
