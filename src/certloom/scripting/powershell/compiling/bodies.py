"""The inside of scripts, functions and blocks: parameters are bound, then begin, process and end run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certloom.scripting.powershell.compiling.compiler import Compiler, Execute
from certloom.scripting.powershell.compiling.parameters import Bound, Taken, compiled_parameters
from certloom.scripting.powershell.runtime.session import Body, Emit, Given, Scope, Stage
from certloom.scripting.powershell.runtime.signals import ReturnSignal
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.types.members import MISSING

__all__ = ["CompiledBody", "compile_body"]


class CompiledBody(Body):
    """A body as closures."""

    __slots__ = ("begin", "bind", "declares", "end", "process", "taken")

    def __init__(
        self,
        bind: Bound,
        taken: tuple[Taken, ...],
        begin: Execute | None,
        process: Execute | None,
        end: Execute | None,
        *,
        declares: bool,
    ) -> None:
        self.bind = bind
        self.declares = declares
        self.taken = taken
        self.begin = begin
        self.process = process
        self.end = end

    def call(self, scope: Scope, positional: list[object], named: Mapping[str, object], emit: Emit) -> None:
        """Run it in a level of its own; names that are no parameters become variables there."""
        given = [Given("", one) for one in positional]
        stage = self.stage(scope, given, False, emit, named)
        stage.process(None)
        stage.end()

    def take(self, scope: Scope, given: Sequence[Given]) -> None:
        """Bind arguments to its parameters in a scope, as ``.`` does."""
        if self.declares or given:
            self.bind(scope, given, False)

    def within(self, scope: Scope, emit: Emit) -> None:
        """Run its statements in a scope, as ForEach-Object does."""
        for part in (self.begin, self.process, self.end):
            if part is not None:
                _until_return(part, scope, emit)

    def stage(
        self,
        scope: Scope,
        given: Sequence[Given],
        fed: bool,  # noqa: FBT001 - part of the contract of a stage
        emit: Emit,
        captured: Mapping[str, object],
    ) -> Stage:
        """Begin it as a command in a pipeline."""
        level = Scope(scope.session, scope)
        level.variables.update(captured)
        self.bind(level, given, fed)
        return _Running(self, level, emit, fed=fed).stage()


class _Running:
    """One call of a body that may take input."""

    def __init__(self, body: CompiledBody, level: Scope, emit: Emit, *, fed: bool) -> None:
        self.body = body
        self.level = level
        self.emit = emit
        self.fed = fed
        self.input: list[object] = []
        self.begun = False

    def stage(self) -> Stage:
        return Stage(self.process, self.finish)

    def _run(self, part: Execute | None) -> bool:
        """Run one of the blocks one call deeper; false when it returned."""
        if part is None:
            return True
        budget = self.level.session.budget
        budget.enter()
        try:
            return _until_return(part, self.level, self.emit)
        finally:
            budget.leave()

    def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            self._run(self.body.begin)

    def process(self, item: object) -> None:
        if not self.fed:
            return
        self._begin()
        self.level.session.budget.spend(16)
        if self.body.process is None:
            self.input.append(item)
            return
        self.level.variables["_"] = item
        for parameter in self.body.taken:
            self._take(parameter, item)
        self._run(self.body.process)

    def _take(self, parameter: Taken, item: object) -> None:
        found = parameter.from_item(self.level.session, item)
        if found is not MISSING:
            self.level.put(parameter.key, found)

    def finish(self) -> None:
        self._begin()
        if not self.fed:
            self._run(self.body.process)
        elif self.body.process is None:
            self.level.variables["input"] = self.input
        self._run(self.body.end)


def _until_return(part: Execute, scope: Scope, emit: Emit) -> bool:
    try:
        part(scope, emit)
    except ReturnSignal:
        return False
    return True


def compile_body(compiler: Compiler, node: tree.Body) -> Body:
    """The compiled body of a script, function or block."""
    bind, taken = compiled_parameters(compiler, node)

    def part(block: tree.Block | None) -> Execute | None:
        return compiler.block(block) if block is not None else None

    blocks = part(node.begin), part(node.process), part(node.end)
    return CompiledBody(bind, taken, *blocks, declares=bool(node.parameters))
