"""Assignments, functions, and the ways to leave: ``return``, ``throw``, ``exit``, ``break``, ``continue``."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate, Execute
from certloom.scripting.powershell.compiling.targets import setter
from certloom.scripting.powershell.compiling.values import settled
from certloom.scripting.powershell.operators.arithmetic import add, divide, multiply, remainder, subtract
from certloom.scripting.powershell.runtime.session import Emit, Scope
from certloom.scripting.powershell.runtime.signals import BreakSignal, ContinueSignal, ExitSignal, ReturnSignal
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import RUNTIME, ExceptionValue, ScriptError
from certloom.scripting.powershell.values.objects import ErrorRecord
from certloom.scripting.powershell.values.text import text

__all__ = ["FLOW", "thrown"]

_OPERATORS = {"+=": add, "-=": subtract, "*=": multiply, "/=": divide, "%=": remainder}


def _assignment(compiler: Compiler, node: tree.Assignment) -> Execute:
    write, value = setter(compiler, node.target), compiler.value(node.value)
    if node.operator == "=":
        return _plain(write, value)
    read = compiler.expression(node.target)
    if node.operator == "??=":
        return _when_null(read, write, value)
    operate = _OPERATORS[node.operator]

    def run(scope: Scope, _: Emit) -> None:
        before, operand = read(scope), settled(value(scope))
        for side in (before, operand):
            if isinstance(side, list | ListValue):
                scope.session.budget.step(len(items_of(side)) // 8)
            elif isinstance(side, Hashtable):
                scope.session.budget.step(len(side) // 8)
        made = operate(before, operand)
        scope.session.budget.made(made)
        write(scope, made)

    return run


def _plain(write: Callable[[Scope, object], None], value: Evaluate) -> Execute:
    def run(scope: Scope, _: Emit) -> None:
        write(scope, value(scope))

    return run


def _when_null(read: Evaluate, write: Callable[[Scope, object], None], value: Evaluate) -> Execute:
    def run(scope: Scope, _: Emit) -> None:
        if settled(read(scope)) is None:
            write(scope, value(scope))

    return run


def _function(compiler: Compiler, node: tree.Function) -> Execute:
    body, name = compiler.body(node.body), node.name.lower()

    def run(scope: Scope, _: Emit) -> None:
        scope.functions[name] = body

    return run


def thrown(value: object) -> ScriptError:
    """The error that ``throw`` raises for a value."""
    error = _error(value)
    error.thrown = True
    return error


def _error(value: object) -> ScriptError:
    if isinstance(value, ErrorRecord):
        return ScriptError(value.exception, value.target, value.name)
    if isinstance(value, ExceptionValue):
        return ScriptError(value)
    message = text(value)
    return ScriptError(ExceptionValue(RUNTIME, message), value, message)


def _throw(compiler: Compiler, node: tree.Flow) -> Execute:
    value = compiler.value(node.value) if node.value is not None else None

    def run(scope: Scope, _: Emit) -> None:
        if value is None:
            current = scope.get("_")
            raise thrown(current if isinstance(current, ErrorRecord) else "ScriptHalted")
        raise thrown(settled(value(scope)))

    return run


def _leave(signal: type[ReturnSignal | ExitSignal]) -> Callable[[Compiler, tree.Flow], Execute]:
    def compiled(compiler: Compiler, node: tree.Flow) -> Execute:
        value = compiler.statement(node.value) if node.value is not None else None

        def run(scope: Scope, emit: Emit) -> None:
            if value is not None:
                value(scope, emit)
            raise signal

        return run

    return compiled


def _jump(signal: type[BreakSignal | ContinueSignal]) -> Callable[[Compiler, tree.Flow], Execute]:
    def compiled(_: Compiler, node: tree.Flow) -> Execute:
        label = node.label

        def run(_: Scope, __: Emit) -> None:
            raise signal(label)

        return run

    return compiled


_KEYWORDS: dict[str, Callable[[Compiler, tree.Flow], Execute]] = {
    "return": _leave(ReturnSignal),
    "exit": _leave(ExitSignal),
    "throw": _throw,
    "break": _jump(BreakSignal),
    "continue": _jump(ContinueSignal),
}


def _flow(compiler: Compiler, node: tree.Flow) -> Execute:
    return _KEYWORDS[node.keyword](compiler, node)


FLOW: dict[type[Node], Callable[..., Execute]] = {
    tree.Assignment: _assignment,
    tree.Function: _function,
    tree.Flow: _flow,
}
