"""A script made ready to run: its compiled body, kept so that the same text is read once."""

from collections.abc import Callable
from functools import lru_cache

from certloom.scripting.powershell.compiling.access import ACCESS
from certloom.scripting.powershell.compiling.bodies import compile_body
from certloom.scripting.powershell.compiling.branches import BRANCHES, trapping
from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate, Execute
from certloom.scripting.powershell.compiling.flow import FLOW
from certloom.scripting.powershell.compiling.loops import LOOPS
from certloom.scripting.powershell.compiling.operations import OPERATIONS
from certloom.scripting.powershell.compiling.pipelines import PIPELINES
from certloom.scripting.powershell.compiling.values import VALUES
from certloom.scripting.powershell.faults import ScriptUnreadable
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.runtime.session import Body
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.syntax.statements import Script

__all__ = ["compiled", "compiled_text"]

_EXPRESSIONS: dict[type[Node], Callable[..., Evaluate]] = {**VALUES, **OPERATIONS, **ACCESS}
_STATEMENTS: dict[type[Node], Callable[..., Execute]] = {**BRANCHES, **LOOPS, **FLOW, **PIPELINES}
_COMPILER = Compiler(_EXPRESSIONS, _STATEMENTS, compile_body, trapping)


def compiled(script: Script) -> Body:
    """The closures of a script; raises ScriptUnreadable when it nests too deep."""
    try:
        return _COMPILER.body(script.body)
    except RecursionError as deep:
        raise ScriptUnreadable("The script nests too deep. Use functions or variables.", 1, 1) from deep


@lru_cache(maxsize=256)
def compiled_text(text: str) -> Body:
    """The closures of a text; the last few hundred are kept."""
    return compiled(parse(text))
