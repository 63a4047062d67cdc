"""The compiler: which rule compiles which node, and what all rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from certloom.scripting.powershell.runtime.session import Body, Emit, Scope
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.expressions import Expression
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.objects import NOTHING, Nothing

__all__ = ["Compiler", "Evaluate", "Execute", "collapsed", "pour"]

Evaluate = Callable[[Scope], object]
Execute = Callable[[Scope, Emit], None]


def pour(value: object, emit: Emit) -> None:
    """Put a value into a pipeline: arrays and lists item by item, everything else as it is."""
    kind = type(value)
    if kind is str or kind is int:
        emit(value)
    elif isinstance(value, list):
        for item in list(value):
            emit(item)
    elif isinstance(value, ListValue):
        for item in list(value.items):
            emit(item)
    elif not isinstance(value, Nothing):
        emit(value)


def collapsed(items: list[object]) -> object:
    """What a variable gets from a pipeline: nothing, the one thing, or an array."""
    if len(items) == 1:
        return items[0]
    return items or NOTHING


class Compiler:
    """Compiles nodes by their type; the tables say with which rule."""

    def __init__(
        self,
        expressions: Mapping[type[Node], Callable[..., Evaluate]],
        statements: Mapping[type[Node], Callable[..., Execute]],
        body: Callable[[Compiler, tree.Body], Body],
        trapping: Callable[[Compiler, tuple[tree.Trap, ...], tuple[Execute, ...]], Execute],
    ) -> None:
        self._expressions = expressions
        self._statements = statements
        self._body = body
        self._trapping = trapping

    def expression(self, node: Expression) -> Evaluate:
        """The closure that gives an expression's value."""
        return self._expressions[type(node)](self, node)

    def statement(self, node: tree.Statement) -> Execute:
        """The closure that does a statement, noting its line on errors."""
        if isinstance(node, tree.Trap):
            # One that stands alone, as what is assigned, guards nothing; beside statements the block carries it out.
            return lambda _scope, _emit: None
        execute = self._statements[type(node)](self, node)
        line = node.line

        def run(scope: Scope, emit: Emit) -> None:
            scope.session.budget.step()
            try:
                execute(scope, emit)
            except ScriptError as wrong:
                wrong.line = wrong.line or line
                raise

        return run

    def block(self, node: tree.Block) -> Execute:
        """The closure that does statements in order."""
        traps = tuple(one for one in node.statements if isinstance(one, tree.Trap))
        parts = tuple(self.statement(one) for one in node.statements if not isinstance(one, tree.Trap))
        if traps:
            return self._trapping(self, traps, parts)
        if len(parts) == 1:
            return parts[0]

        def run(scope: Scope, emit: Emit) -> None:
            for part in parts:
                part(scope, emit)

        return run

    def body(self, node: tree.Body) -> Body:
        """The compiled inside of a script, function or block."""
        return self._body(self, node)

    def value(self, node: tree.Statement) -> Evaluate:
        """The closure that gives what a statement assigned to a variable would give."""
        only = tree.alone(node)
        if only is not None:
            return self.expression(only)
        if isinstance(node, tree.Assignment):
            return self._assigned(node)
        return self.gathered(node)

    def _assigned(self, node: tree.Assignment) -> Evaluate:
        """An assignment as a value is what was assigned."""
        execute, target = self.statement(node), self.expression(node.target)

        def run(scope: Scope) -> object:
            execute(scope, lambda _: None)
            return target(scope)

        return run

    def gathered(self, node: tree.Statement | tree.Block) -> Evaluate:
        """The closure that gives what a statement or block puts out, unrolled when it is one thing."""
        execute = self.block(node) if isinstance(node, tree.Block) else self.statement(node)

        def run(scope: Scope) -> object:
            items: list[object] = []
            execute(scope, items.append)
            scope.session.budget.made(items)
            return collapsed(items)

        return run
