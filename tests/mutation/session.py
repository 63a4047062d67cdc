"""Runs a module's tests against every mutant of its guarded functions, and prints those that survive, as JSON lines.

A plug-in of pytest: the tests are collected and run once, which also tells which of them call which function. Then each
mutant gets a forked process, in which the mutated code takes the place of the function's own, wherever it was
imported, and the tests that call it run until one fails.
"""

import importlib
import inspect
import json
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import msgspec
import pytest
from tests.mutation.mutants import Mutant, mutants

GUARDED = Path(__file__).with_name("guarded.toml")
_SURVIVED, _KILLED = 0, 1
_PATIENCE = 60.0
"""After so many seconds a mutant runs in a circle, which is a failure of its test as well."""


class Equivalent(msgspec.Struct, frozen=True):
    """A mutant that nobody can tell from the code, and why."""

    function: str
    before: str
    after: str
    reason: str


class Guarded(msgspec.Struct, frozen=True):
    """A module whose functions are guarded, by which tests."""

    name: str
    tests: tuple[str, ...]
    functions: tuple[str, ...] | None = None
    equivalent: tuple[Equivalent, ...] = ()


def guarded() -> dict[str, Guarded]:
    """Every guarded module, by name."""
    listed = tomllib.loads(GUARDED.read_text())["module"]
    return {one.name: one for one in msgspec.convert(listed, list[Guarded])}


class MutationSession:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, module: Guarded) -> None:
        self._guarded = module
        self._module = importlib.import_module(module.name)
        self._calls: dict[CodeType, list[pytest.Item]] = {}
        self._failed = False
        self.survivors: list[Mutant] = []
        self.count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice a failure, also one of setting up or tearing down."""
        self._failed = self._failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests as they are, then against every mutant."""
        if session.testsfailed:
            raise session.Failed("the tests could not be collected")
        # Not a test, but what stays set up after each: what lives for the session.
        self._kept: Any = session
        functions = dict(_functions(self._module))
        self._learn(session.items, {function.__code__ for function in functions.values()})
        if self._failed:
            raise session.Failed("the tests fail without any mutant")
        for mutant in mutants(inspect.getsource(self._module), self._guarded.functions):
            self.count += 1
            function = functions[mutant.function]
            if self._survives(function, mutant, self._calls.get(function.__code__, [])):
                self.survivors.append(mutant)
        return True

    def _learn(self, items: Sequence[pytest.Item], wanted: set[CodeType]) -> None:
        """Run every test once. What lives for the session stays set up, for the processes to come."""
        took: dict[pytest.Item, float] = {}
        for item in items:
            called: set[CodeType] = set()
            begun = time.perf_counter()
            sys.setprofile(_noting(called, wanted))
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._kept)
            finally:
                sys.setprofile(None)
            took[item] = time.perf_counter() - begun
            for code in called:
                self._calls.setdefault(code, []).append(item)
        for code in self._calls:
            self._calls[code].sort(key=took.__getitem__)

    def _survives(self, function: FunctionType, mutant: Mutant, items: Sequence[pytest.Item]) -> bool:
        child = os.fork()
        if child:
            return _status(child) == _SURVIVED
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            function.__code__ = mutant.code
            self._run(items)
        finally:
            # Whatever happened, this process must not go on as a second copy of the session.
            os._exit(_KILLED)

    def _run(self, items: Sequence[pytest.Item]) -> None:
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._kept)
            if self._failed:
                os._exit(_KILLED)
        os._exit(_SURVIVED)


def _status(child: int) -> int:
    """The exit code of a process; one that runs for too long is ended, and was killed by its test."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return _KILLED


def _noting(called: set[CodeType], wanted: set[CodeType]) -> Callable[[FrameType, str, Any], None]:
    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in wanted:
            called.add(frame.f_code)

    return note


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The functions a module defines and the methods of its classes, as they are called."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            for member, held in vars(value).items():
                found = held.fget if isinstance(held, property) else inspect.unwrap(held) if callable(held) else None
                if isinstance(found, FunctionType):
                    yield f"{name}.{member}", found
        elif isinstance(found := inspect.unwrap(value), FunctionType):
            yield name, found


def main() -> None:
    """Print the survivors of the module that the first argument names, one JSON object a line, then the count."""
    module = guarded()[sys.argv[1]]
    session = MutationSession(module)
    # The profile has the same examples for every mutant, and keeps none of a mutant's for the real tests.
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--timeout=0",
        "--hypothesis-profile=mutation",
        "--no-header",
        *module.tests,
    ]
    status = pytest.main(options, plugins=[session])
    known = {(one.function, one.before, one.after) for one in module.equivalent}
    met = {(one.function, one.before, one.after) for one in session.survivors}
    left = [m._asdict() | {"code": None} for m in session.survivors if (m.function, m.before, m.after) not in known]
    result = {"status": int(status), "count": session.count, "survivors": left, "unmet": sorted(known - met)}
    Path(sys.argv[2]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
