"""What is done: pipelines, assignments, branches, loops, functions."""

from __future__ import annotations

from certloom.scripting.powershell.syntax.expressions import Expression, TypeName
from certloom.scripting.powershell.syntax.place import Node

__all__ = [
    "Argument",
    "Assignment",
    "Attribute",
    "Block",
    "Body",
    "Catch",
    "Chain",
    "Command",
    "Evaluation",
    "Flow",
    "For",
    "Foreach",
    "Function",
    "If",
    "Loop",
    "Parameter",
    "Pipeline",
    "Redirection",
    "Script",
    "Statement",
    "Switch",
    "Trap",
    "Try",
]


class Statement(Node, frozen=True):
    """Anything that is done."""


class Block(Node, frozen=True):
    """Statements in order."""

    statements: tuple[Statement, ...]


class Attribute(Node, frozen=True):
    """``[Name(positional, name = value)]`` before a parameter."""

    name: str
    positional: tuple[Expression, ...] = ()
    named: tuple[tuple[str, Expression | None], ...] = ()


class Parameter(Node, frozen=True):
    """One parameter of a script, function or block."""

    name: str
    type: TypeName | None = None
    default: Expression | None = None
    attributes: tuple[Attribute, ...] = ()


class Body(Node, frozen=True):
    """The inside of a script, function or block; ``text`` is what stood between the braces."""

    parameters: tuple[Parameter, ...]
    begin: Block | None
    process: Block | None
    end: Block | None
    text: str
    attributes: tuple[Attribute, ...] = ()


class Script(Node, frozen=True):
    """A whole script."""

    body: Body


class Argument(Node, frozen=True):
    """A value given to a command by position, or by name; a name without value is a switch."""

    name: str
    value: Expression | None


class Redirection(Node, frozen=True):
    """``3>$null`` or ``3>&1``: the number of a stream, ``*`` for all, and whether it is merged into the output."""

    stream: str
    merged: bool


class Command(Node, frozen=True):
    """A command with its arguments; ``call`` is ``&`` or ``.`` where written."""

    name: Expression
    arguments: tuple[Argument, ...]
    call: str = ""
    redirections: tuple[Redirection, ...] = ()


class Evaluation(Node, frozen=True):
    """An expression at the head of a pipeline."""

    expression: Expression
    redirections: tuple[Redirection, ...] = ()


class Pipeline(Statement, frozen=True):
    """Commands that hand on what they put out; only the first may be an expression."""

    elements: tuple[Evaluation | Command, ...]


class Chain(Statement, frozen=True):
    """``left && right`` or ``left || right`` (about_Pipeline_Chain_Operators)."""

    operator: str
    left: Statement
    right: Statement


class Assignment(Statement, frozen=True):
    """``target operator value``, the value being any statement."""

    target: Expression
    operator: str
    value: Statement


class If(Statement, frozen=True):
    """``if``, ``elseif`` and ``else``."""

    clauses: tuple[tuple[Statement, Block], ...]
    otherwise: Block | None


class Switch(Statement, frozen=True):
    """``switch`` with mode ``exact``, ``wildcard`` or ``regex``."""

    mode: str
    case_sensitive: bool
    subject: Statement
    clauses: tuple[tuple[Expression, Block], ...]
    otherwise: Block | None
    label: str


class Foreach(Statement, frozen=True):
    """``foreach ($variable in subject) { }``."""

    variable: Expression
    subject: Statement
    body: Block
    label: str


class For(Statement, frozen=True):
    """``for (first; condition; next) { }``."""

    first: Statement | None
    condition: Statement | None
    step: Statement | None
    body: Block
    label: str


class Loop(Statement, frozen=True):
    """``while``, or ``do`` with ``while`` or ``until`` behind it (``late``)."""

    condition: Statement
    body: Block
    late: bool
    until: bool
    label: str


class Function(Statement, frozen=True):
    """A function or, when its block runs per item, a filter."""

    name: str
    body: Body


class Catch(Node, frozen=True):
    """One ``catch``; without types it catches everything."""

    types: tuple[TypeName, ...]
    body: Block


class Try(Statement, frozen=True):
    """``try`` with its ``catch`` clauses and ``finally``."""

    body: Block
    catches: tuple[Catch, ...]
    last: Block | None


class Trap(Statement, frozen=True):
    """``trap [type] { }``: what the block around it does with an error; without a type it takes every one."""

    type: TypeName | None
    body: Block


class Flow(Statement, frozen=True):
    """``return``, ``throw``, ``exit``, ``break`` or ``continue``, with value or label."""

    keyword: str
    value: Statement | None = None
    label: str = ""


def alone(statement: object) -> Expression | None:
    """The expression that a statement consists of, if it is nothing more."""
    if isinstance(statement, Pipeline) and len(statement.elements) == 1:
        only = statement.elements[0]
        if isinstance(only, Evaluation) and not only.redirections:
            return only.expression
    return None
