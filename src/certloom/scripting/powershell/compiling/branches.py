"""``if``, ``switch``, ``try``."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate, Execute
from certloom.scripting.powershell.compiling.loops import labelled, walked
from certloom.scripting.powershell.compiling.texts import remember
from certloom.scripting.powershell.operators.matching import like, matched
from certloom.scripting.powershell.runtime.session import Body, Emit, Scope
from certloom.scripting.powershell.runtime.signals import BreakSignal, ContinueSignal
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.expressions import BlockLiteral, TypeName
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.types.exceptions import caught_by
from certloom.scripting.powershell.values.collections import ListValue
from certloom.scripting.powershell.values.comparison import equal
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.objects import Enumeration, ErrorRecord, Nothing
from certloom.scripting.powershell.values.patterns import Pattern
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["BRANCHES", "trapping"]

Clause = Callable[[Scope, object], bool]


def _if(compiler: Compiler, node: tree.If) -> Execute:
    clauses = tuple((compiler.value(condition), compiler.block(body)) for condition, body in node.clauses)
    otherwise = compiler.block(node.otherwise) if node.otherwise is not None else None

    def run(scope: Scope, emit: Emit) -> None:
        for condition, body in clauses:
            if truth(condition(scope)):
                body(scope, emit)
                return
        if otherwise is not None:
            otherwise(scope, emit)

    return run


def _switch(compiler: Compiler, node: tree.Switch) -> Execute:
    subject = compiler.value(node.subject)
    clauses = tuple((_clause(compiler, node, pattern), compiler.block(body)) for pattern, body in node.clauses)
    otherwise = compiler.block(node.otherwise) if node.otherwise is not None else None

    def each(scope: Scope, item: object, emit: Emit) -> None:
        scope.variables["_"] = item
        hit = False
        for test, body in clauses:
            scope.session.budget.step()
            if test(scope, item):
                hit = True
                body(scope, emit)
        if not hit and otherwise is not None:
            otherwise(scope, emit)

    def run(scope: Scope, emit: Emit) -> None:
        value = subject(scope)
        items = [] if isinstance(value, Nothing) else list(items_of(value))
        before = scope.variables.get("_")
        try:
            walk = Enumeration(items)
            with walked(scope, "switch", walk):
                _each_item(node.label, walk, lambda item: each(scope, item, emit))
        finally:
            scope.variables["_"] = before

    return run


def _each_item(label: str, walk: Enumeration, handle: Callable[[object], None]) -> None:
    while walk.move():
        try:
            handle(walk.current())
        except ContinueSignal as signal:
            labelled(signal, label)
        except BreakSignal as signal:
            labelled(signal, label)
            return


def _clause(compiler: Compiler, node: tree.Switch, pattern: object) -> Clause:
    if isinstance(pattern, BlockLiteral) and isinstance(pattern.body, tree.Body):
        return _block_clause(compiler.body(pattern.body))
    value = compiler.expression(pattern)  # type: ignore[arg-type]  # a clause is an expression
    return _MODES[node.mode](value, node.case_sensitive)


def _block_clause(body: Body) -> Clause:
    def test(scope: Scope, _: object) -> bool:
        items: list[object] = []
        body.within(scope, items.append)
        return truth(items[0] if len(items) == 1 else items)

    return test


def _exact(value: Evaluate, exact: bool) -> Clause:  # noqa: FBT001 - one of two forms
    return lambda scope, item: equal(item, value(scope), case_sensitive=exact)


def _wildcard(value: Evaluate, exact: bool) -> Clause:  # noqa: FBT001 - one of two forms
    return lambda scope, item: like(text(item), text(value(scope)), case_sensitive=exact)


def _regex(value: Evaluate, exact: bool) -> Clause:  # noqa: FBT001 - one of two forms
    def test(scope: Scope, item: object) -> bool:
        source = value(scope)
        found = matched(text(item), source if isinstance(source, Pattern) else text(source), case_sensitive=exact)
        if found is not None:
            remember(scope, found)
        return found is not None

    return test


_MODES = {"exact": _exact, "wildcard": _wildcard, "regex": _regex}


def _try(compiler: Compiler, node: tree.Try) -> Execute:
    body = compiler.block(node.body)
    catches = tuple((clause.types, compiler.block(clause.body)) for clause in node.catches)
    last = compiler.block(node.last) if node.last is not None else None

    def run(scope: Scope, emit: Emit) -> None:
        try:
            _guarded(body, scope, emit)
        except ScriptError as wrong:
            handler = _handler(catches, wrong)
            if handler is None:
                raise
            handled(scope, emit, wrong, handler)
        finally:
            if last is not None:
                last(scope, emit)

    return run


def _guarded(body: Execute, scope: Scope, emit: Emit) -> None:
    """Run the inside of a ``try``: what fails there goes to the ``catch``, not on to the next statement."""
    scope.session.trying += 1
    try:
        body(scope, emit)
    finally:
        scope.session.trying -= 1


def _chain(compiler: Compiler, node: tree.Chain) -> Execute:
    left, right = compiler.statement(node.left), compiler.statement(node.right)
    wanted = node.operator == "&&"

    def run(scope: Scope, emit: Emit) -> None:
        try:
            left(scope, emit)
        except ScriptError as wrong:
            if wanted or wrong.thrown or scope.session.trying:
                raise
            scope.session.say("error", wrong.exception.message)
            scope.session.succeeded = False
        if scope.session.succeeded is wanted:
            right(scope, emit)

    return run


def _handler(catches: tuple[tuple[tuple[TypeName, ...], Execute], ...], wrong: ScriptError) -> Execute | None:
    for types, handler in catches:
        if not types or any(caught_by(wrong.exception, kind.name) for kind in types):
            return handler
    return None


def handled(scope: Scope, emit: Emit, wrong: ScriptError, handler: Execute) -> None:
    """Run what handles an error with the error as ``$_``, and remember it in ``$Error``."""
    before = scope.variables.get("_")
    record = ErrorRecord(wrong.exception, wrong.target, wrong.name, wrong.line)
    scope.variables["_"] = record
    errors = scope.script().variables.get("error")
    if isinstance(errors, ListValue):
        errors.grow()
        errors.items.insert(0, record)
    try:
        handler(scope, emit)
    finally:
        scope.variables["_"] = before


def trapping(compiler: Compiler, traps: tuple[tree.Trap, ...], parts: tuple[Execute, ...]) -> Execute:
    """Statements whose errors the traps beside them handle (about_Trap)."""
    handlers = tuple(((one.type,) if one.type is not None else (), compiler.block(one.body)) for one in traps)
    # A trap for the very type comes before one that takes everything.
    ordered = tuple(sorted(handlers, key=lambda one: not one[0]))

    def run(scope: Scope, emit: Emit) -> None:
        for part in parts:
            try:
                part(scope, emit)
            except ScriptError as wrong:
                handler = _handler(ordered, wrong)
                if handler is None:
                    raise
                _trapped(scope, emit, wrong, handler)

    return run


def _trapped(scope: Scope, emit: Emit, wrong: ScriptError, handler: Execute) -> None:
    """``continue`` goes on in silence, ``break`` hands the error on; without either it is said before going on."""
    try:
        handled(scope, emit, wrong, handler)
    except ContinueSignal:
        return
    except BreakSignal:
        raise wrong from None
    scope.session.say("error", wrong.exception.message)
    scope.session.succeeded = False


BRANCHES: dict[type[Node], Callable[..., Execute]] = {
    tree.If: _if,
    tree.Switch: _switch,
    tree.Try: _try,
    tree.Chain: _chain,
}
