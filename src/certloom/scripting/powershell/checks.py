"""Words that a script uses and restricted PowerShell does not have, found without running it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from certloom.scripting.powershell.cmdlets.binding import parameter_of
from certloom.scripting.powershell.cmdlets.registry import COMMANDS
from certloom.scripting.powershell.compiling.commands import instead_of
from certloom.scripting.powershell.compiling.intrinsic import INTRINSIC
from certloom.scripting.powershell.compiling.validation import VALIDATIONS
from certloom.scripting.powershell.syntax import expressions as tree
from certloom.scripting.powershell.syntax import statements
from certloom.scripting.powershell.syntax.place import Node
from certloom.scripting.powershell.types.known import known_method, known_static
from certloom.scripting.powershell.types.registry import find, nearest_type
from certloom.scripting.powershell.values.errors import ScriptError

__all__ = ["Problem", "check"]


class Problem(msgspec.Struct, frozen=True):
    """One unsupported word: where it stands (both from 1) and what to write instead."""

    line: int
    column: int
    message: str


def check(script: statements.Script) -> tuple[Problem, ...]:
    """What is wrong with a script, in its order; nothing when every word it uses is known."""
    nodes = list(_nodes(script))
    functions = {node.name.lower() for node in nodes if isinstance(node, statements.Function)}
    problems = [problem for node in nodes for problem in _problems(node, functions)]
    return tuple(sorted(set(problems), key=lambda problem: (problem.line, problem.column)))


def _nodes(root: Node) -> Iterator[Node]:
    """Every node of the tree, without recursion."""
    waiting: list[object] = [root]
    while waiting:
        found = waiting.pop()
        if isinstance(found, tuple):
            waiting.extend(found)
        elif isinstance(found, Node):
            yield found
            waiting.extend(msgspec.structs.asdict(found).values())


def _problems(node: Node, functions: set[str]) -> Iterator[Problem]:
    if isinstance(node, statements.Command):
        yield from _command(node, functions)
    elif isinstance(node, tree.TypeName):
        yield from _type(node)
    elif isinstance(node, tree.Member | tree.Invocation):
        yield from _member(node)
    elif isinstance(node, statements.Attribute) and node.name.lower().removesuffix("attribute") not in VALIDATIONS:
        yield Problem(node.line, node.column, f"The attribute [{node.name}()] is not supported.")


def _command(node: statements.Command, functions: set[str]) -> Iterator[Problem]:
    if not isinstance(node.name, tree.Literal) or not isinstance(node.name.value, str):
        return
    name = node.name.value
    if name.lower() in functions:
        return
    cmdlet = COMMANDS.get(name.lower())
    if cmdlet is None:
        message = f"The command '{name[:100]}' is not allowed in a script; {instead_of(name)}."
        yield Problem(node.line, node.column, message)
        return
    for argument in node.arguments:
        if argument.name:
            try:
                parameter_of(cmdlet, argument.name)
            except ScriptError as wrong:
                yield Problem(argument.line, argument.column, wrong.exception.message)


def _type(node: tree.TypeName) -> Iterator[Problem]:
    spec = find(node.name)
    if spec is None:
        message = f"The type [{node.name}] is not allowed in a script; the nearest one is [{nearest_type(node.name)}]."
        yield Problem(node.line, node.column, message)


def _member(node: tree.Member | tree.Invocation) -> Iterator[Problem]:
    if not isinstance(node.name, str):
        return
    called = isinstance(node, tree.Invocation)
    if node.static and isinstance(node.target, tree.TypeLiteral):
        spec = find(node.target.type.name)
        if spec is not None and not known_static(spec, node.name, called=called):
            message = f"The type [{node.target.type.name}] has no static member '{node.name}' that scripts may use."
            yield Problem(node.line, node.column, message)
    elif called and node.name.lower() not in INTRINSIC and not known_method(node.name):
        message = f"No value that scripts can have has a method '{node.name}'."
        yield Problem(node.line, node.column, message)
