"""Pipelines: the first command is fed, each puts out into the next."""

from __future__ import annotations

from collections.abc import Callable

from certloom.scripting.powershell.compiling.commands import command
from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate, Execute, pour
from certloom.scripting.powershell.compiling.redirections import redirected
from certloom.scripting.powershell.runtime.session import Emit, Scope, Stage, Starter
from certloom.scripting.powershell.runtime.signals import StopSignal
from certloom.scripting.powershell.syntax import expressions
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.place import Node

__all__ = ["PIPELINES"]


def _pipeline(compiler: Compiler, node: tree.Pipeline) -> Execute:
    first, rest = node.elements[0], node.elements[1:]
    starters = tuple(_element(compiler, one) for one in rest)
    if isinstance(first, tree.Evaluation) and not first.redirections:
        return _succeeding(_fed(compiler.expression(first.expression), starters, steps=_is_step(first.expression)))
    return _beginning(_started(_element(compiler, first), starters))


def _element(compiler: Compiler, node: tree.Evaluation | tree.Command) -> Starter:
    if isinstance(node, tree.Command):
        starter = command(compiler, node)
    else:
        starter = _evaluated(compiler.expression(node.expression))
    return redirected(starter, node.redirections) if node.redirections else starter


def _evaluated(value: Evaluate) -> Starter:
    """An expression as the first command of a pipeline."""
    return lambda scope, _, emit: Stage(_ignore, lambda: pour(value(scope), emit))


def _beginning(run: Execute) -> Execute:
    """A pipeline of commands has succeeded until one of them says otherwise."""

    def begun(scope: Scope, emit: Emit) -> None:
        scope.session.succeeded = True
        run(scope, emit)

    return begun


def _succeeding(run: Execute) -> Execute:
    """An expression that raises nothing has succeeded, whatever came before it."""

    def done(scope: Scope, emit: Emit) -> None:
        run(scope, emit)
        scope.session.succeeded = True

    return done


def _is_step(node: expressions.Expression) -> bool:
    """``$i++`` alone puts nothing out."""
    return isinstance(node, expressions.Step)


def _fed(value: Evaluate, starters: tuple[Starter, ...], *, steps: bool) -> Execute:
    if not starters:
        if steps:
            return lambda scope, _: _ignore(value(scope))
        return lambda scope, emit: pour(value(scope), emit)

    def run(scope: Scope, emit: Emit) -> None:
        stages = _stages(scope, starters, emit)

        def feed() -> None:
            pour(value(scope), _paid(scope, stages[0].process))

        _drive(stages, feed)

    return run


def _ignore(_: object) -> None:
    """Evaluate for the effect."""


def _started(starter: Starter, starters: tuple[Starter, ...]) -> Execute:
    def run(scope: Scope, emit: Emit) -> None:
        stages = _stages(scope, starters, emit)
        sink = _paid(scope, stages[0].process) if stages else emit
        head = starter(scope, False, sink)

        def feed() -> None:
            head.process(None)
            head.end()

        _drive(stages, feed)

    return run


def _paid(scope: Scope, emit: Emit) -> Emit:
    budget = scope.session.budget

    def paying(item: object) -> None:
        budget.step()
        emit(item)

    return paying


def _stages(scope: Scope, starters: tuple[Starter, ...], emit: Emit) -> list[Stage]:
    """Start the commands from the last to the first, each putting out into the next."""
    stages: list[Stage] = []
    sink = emit
    for starter in reversed(starters):
        stage = starter(scope, True, sink)
        stages.insert(0, stage)
        sink = _paid(scope, stage.process)
    return stages


def _drive(stages: list[Stage], feed: Callable[[], None]) -> None:
    """Feed the first stage, then end each in order; a stage that has enough stops those before it."""
    first = 0
    try:
        feed()
    except StopSignal as stop:
        first = _stopped(stages, stop)
    while first < len(stages):
        try:
            stages[first].end()
            first += 1
        except StopSignal as stop:
            first = max(first + 1, _stopped(stages, stop))


def _stopped(stages: list[Stage], stop: StopSignal) -> int:
    for at, stage in enumerate(stages):
        if stop.stage in (stage.process, stage.inside):
            return at
    raise stop


PIPELINES: dict[type[Node], Callable[..., Execute]] = {tree.Pipeline: _pipeline}
