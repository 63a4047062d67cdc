"""``foreach``, ``for``, ``while``, ``do``, and the ways out of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from certloom.scripting.powershell.compiling.compiler import Compiler, Execute
from certloom.scripting.powershell.compiling.targets import setter
from certloom.scripting.powershell.runtime.session import Emit, Scope
from certloom.scripting.powershell.runtime.signals import BreakSignal, ContinueSignal
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.objects import Enumeration
from certloom.scripting.powershell.values.truth import truth

__all__ = ["LOOPS", "labelled", "walked"]


def labelled(signal: BreakSignal | ContinueSignal, label: str) -> None:
    """Pass a signal on when it is meant for a loop further out."""
    if signal.label and signal.label != label:
        raise signal


def _goes_on(body: Execute, scope: Scope, emit: Emit, label: str) -> bool:
    """Run the body once; false when the loop is left."""
    scope.session.budget.step()
    try:
        body(scope, emit)
    except ContinueSignal as signal:
        labelled(signal, label)
    except BreakSignal as signal:
        labelled(signal, label)
        return False
    return True


def _foreach(compiler: Compiler, node: tree.Foreach) -> Execute:
    assign, subject = setter(compiler, node.variable), compiler.value(node.subject)
    body, label = compiler.block(node.body), node.label

    def run(scope: Scope, emit: Emit) -> None:
        value = subject(scope)
        if value is None:
            return
        walk = Enumeration(list(items_of(value)))
        with walked(scope, "foreach", walk):
            while walk.move():
                assign(scope, walk.current())
                if not _goes_on(body, scope, emit, label):
                    break

    return run


@contextmanager
def walked(scope: Scope, name: str, walk: Enumeration) -> Iterator[None]:
    """Let a variable be the walk over what a loop goes over, as long as it runs (about_Automatic_Variables)."""
    before = scope.variables.get(name)
    scope.variables[name] = walk
    try:
        yield
    finally:
        scope.variables[name] = before


def _nothing(_: object) -> None:
    """Where the output of a loop's counter goes."""


def _for(compiler: Compiler, node: tree.For) -> Execute:
    first = compiler.statement(node.first) if node.first is not None else None
    condition = compiler.value(node.condition) if node.condition is not None else None
    step = compiler.statement(node.step) if node.step is not None else None
    body, label = compiler.block(node.body), node.label

    def run(scope: Scope, emit: Emit) -> None:
        if first is not None:
            first(scope, _nothing)
        while condition is None or truth(condition(scope)):
            if not _goes_on(body, scope, emit, label):
                break
            if step is not None:
                step(scope, _nothing)

    return run


def _loop(compiler: Compiler, node: tree.Loop) -> Execute:
    condition, body, label = compiler.value(node.condition), compiler.block(node.body), node.label
    late, until = node.late, node.until

    def run(scope: Scope, emit: Emit) -> None:
        if not late and not truth(condition(scope)):
            return
        while _goes_on(body, scope, emit, label):
            if truth(condition(scope)) is until:
                break

    return run


LOOPS: dict[type[Node], Callable[..., Execute]] = {
    tree.Foreach: _foreach,
    tree.For: _for,
    tree.Loop: _loop,
}
