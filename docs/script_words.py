"""The page on restricted PowerShell, from the interpreter's tables and its golden cases."""  # noqa: INP001 - a script

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from certloom.scripting.powershell.cmdlets.refused import REFUSED
from certloom.scripting.powershell.cmdlets.registry import CMDLETS
from certloom.scripting.powershell.cmdlets.spec import Cmdlet
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parsing.words import KEYWORDS, NOT_SUPPORTED, PRECEDENCE
from certloom.scripting.powershell.types.registry import TYPES
from certloom.scripting.powershell.types.spec import TypeSpec

__all__ = ["script_words"]

Named = TypeVar("Named", Cmdlet, TypeSpec)
GOLDEN = Path(__file__).parents[1] / "tests" / "scripting" / "powershell" / "golden"

TEXT = """# Restricted PowerShell

The `PowerShell` step and `certloom script run` read this language themselves: no PowerShell is installed or needed, and
a script reaches no file, network, process or environment. It is a subset of PowerShell 7; every word outside it is an
error with its line and column when the definition is saved. Values are what PowerShell makes of them, in the invariant
culture and in UTC. An error nobody catches ends the script.

A script gets its `ScriptParameters` through `param()`, ignoring case, and returns a hashtable; its entries go into the
data of the instance. `throw` fails the step with its message. What `Write-Warning`, `Write-Host` and their like say
goes into the journal.

Different on purpose: a string counts characters, not UTF-16 units; `[xml]` refuses a document type declaration and so
every entity of its own; what is verbose or for debugging is always said; hashtables keep the order their keys came in;
`2>$null` takes what `Write-Error` writes, and an error that ends a statement stays an error."""


def script_words() -> str:
    """The text of the page."""
    limits = Limits()
    return f"""{TEXT}

## Limits of a run

{limits.steps:,} steps; {limits.memory:,} bytes of values made; {limits.output:,} bytes returned and said; calls
{limits.depth} levels deep; {limits.seconds:g} seconds.

## Cmdlets

| cmdlet | also | parameters |
|---|---|---|
{_rows((f"`{c.name}`", _words(c.aliases), _words(f"-{p.name}" for p in c.parameters)) for c in _by_name(CMDLETS))}

## Words and operators

Keywords: {_words(sorted(KEYWORDS))}.

Operators: {_words(sorted(name if not name.isalpha() else f"-{name}" for name in PRECEDENCE))}.

## Types

| type | also | members |
|---|---|---|
{_rows((f"`[{t.name}]`", _words(t.aliases), _words(_members(t))) for t in _by_name(TYPES))}

## Not supported

| word | instead |
|---|---|
{_rows((f"`{word}`", instead) for word, instead in _refused())}

## What holds it

Golden cases, each naming the rule it holds:

| group | rules | cases |
|---|---|---|
{_rows(_golden())}
"""


def _by_name(things: Iterable[Named]) -> list[Named]:
    return sorted(things, key=lambda thing: thing.name.lower())


def _members(spec: TypeSpec) -> list[str]:
    static = [f"::{name}" for name in sorted({*spec.static_properties, *spec.static_methods})]
    new = ["::new"] if spec.new else []
    return [*new, *static, *sorted({*spec.properties, *spec.methods})]


def _refused() -> list[tuple[str, str]]:
    return sorted({**NOT_SUPPORTED, **REFUSED}.items(), key=lambda one: one[0].lower())


def _golden() -> Iterator[tuple[str, str, str]]:
    for group in sorted(GOLDEN.glob("*.toml")):
        rules = tomllib.loads(group.read_text(encoding="utf-8"))["rule"]
        cases = sum(len(rule["cases"].strip().splitlines()) for rule in rules)
        yield group.stem.replace("_", " "), str(len(rules)), str(cases)


def _words(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words).replace("|", "\\|")


def _rows(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
