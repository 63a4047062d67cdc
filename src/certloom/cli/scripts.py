"""certloom script: restricted PowerShell, without a workflow around it."""

import random
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from certloom.cli.options import Options, print_json, print_rows
from certloom.clock import system_clock
from certloom.errors import Invalid
from certloom.scripting.powershell.checks import check as problems_of
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run as run_script

__all__ = ["scripts"]

scripts = App(
    name="script",
    help="""Scripts of workflow steps, in restricted PowerShell.

    Example: certloom script run names.ps1 --param Group=Web
    """,
)


class ScriptFileUnreadable(Invalid):
    """The file is missing or no text."""


class ParameterMalformed(Invalid):
    """A parameter is not NAME=VALUE."""


class ScriptUnsupported(Invalid):
    """The script uses words that restricted PowerShell does not have."""


@scripts.command
def run(
    file: Path,
    *,
    param: Annotated[list[str] | None, Parameter(negative="", help="NAME=VALUE; may be repeated.")] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Run a script as a workflow step would, and print the values it returns.

    Example: certloom script run names.ps1 --param Group=Web
    """
    result = run_script(_text(file), _parameters(param or []), Limits(), system_clock, random.SystemRandom().random)
    if options.json:
        print_json({"values": result.values, "messages": [f"{one.kind}: {one.text}" for one in result.messages]})
        return
    for message in result.messages:
        print(f"{message.kind}: {message.text}")
    print_rows(options, ("name", "value"), list(result.values.items()))


@scripts.command
def check(file: Path, *, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Say whether a script can be saved in a step; exit code 1 names every word that cannot be used.

    Example: certloom script check names.ps1
    """
    problems = problems_of(parse(_text(file)))
    if problems:
        raise ScriptUnsupported(
            f"{file} cannot be used: "
            + "; ".join(f"line {one.line}, column {one.column}: {one.message}" for one in problems)
        )
    if options.json:
        print_json({"file": str(file), "usable": True})
    else:
        print(f"{file} can be used.")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptFileUnreadable(f"{file} cannot be read as text: {error}.") from error


def _parameters(given: list[str]) -> dict[str, str]:
    values = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise ParameterMalformed(f"--param {one[:60]!r} is not NAME=VALUE, such as --param Group=Web.")
        values[name] = value
    return values
