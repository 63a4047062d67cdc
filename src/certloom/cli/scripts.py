"""certloom script: scripts of steps, in restricted PowerShell or Python, without a workflow around them."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from certloom.cli.options import Options, print_json, print_rows, settings_of
from certloom.cli.script_comparison import compare
from certloom.clock import system_clock
from certloom.errors import Invalid
from certloom.scripting.powershell.checks import check as problems_of
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.parser import parse
from certloom.scripting.powershell.run import run as run_script
from certloom.scripting.pwsh.interpreter import configured_pwsh
from certloom.scripting.python.scripts import PythonScripts

__all__ = ["scripts"]

scripts = App(
    name="script",
    help="""Scripts of workflow steps, in restricted PowerShell or Python (files ending in .py).

    Example: certloom script run names.ps1 --param Group=Web
    """,
)

Language = Literal["powershell", "python"]


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
    language: Annotated[Language | None, Parameter(help="Of the script; otherwise its file name says it.")] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Run a script as a workflow step would, and print the values it returns.

    Example: certloom script run names.ps1 --param Group=Web
    """
    run_one = _run_python if _is_python(file, language) else _run_powershell
    values, messages = run_one(_text(file), _parameters(param or []))
    if options.json:
        print_json({"values": values, "messages": messages})
        return
    for message in messages:
        print(message)
    print_rows(options, ("name", "value"), list(values.items()))


@scripts.command
def check(
    file: Path,
    *,
    language: Annotated[Language | None, Parameter(help="Of the script; otherwise its file name says it.")] = None,
    pwsh: Annotated[
        bool, Parameter(negative="", show_default=False, help="Run it here and in an installed PowerShell 7.")
    ] = False,
    param: Annotated[list[str] | None, Parameter(negative="", help="NAME=VALUE for --pwsh; may be repeated.")] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Say whether a script can be saved in a step; exit code 1 names every word that cannot be used.

    With --pwsh the script runs in restricted PowerShell and in an installed PowerShell 7, behind the fence unless the
    setting scripts_pwsh says unfenced; exit code 1 prints what is not the same.

    Example: certloom script check names.ps1
    """
    if pwsh:
        installed = configured_pwsh(settings_of(options), trial=True)
        asyncio.run(compare(installed, str(file), _text(file), _parameters(param or []), options))
        return
    (_check_python if _is_python(file, language) else _check_powershell)(file)
    if options.json:
        print_json({"file": str(file), "usable": True})
    else:
        print(f"{file} can be used.")


def _is_python(file: Path, language: Language | None) -> bool:
    return file.suffix.casefold() == ".py" if language is None else language == "python"


def _run_powershell(script: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    result = run_script(script, parameters, Limits(), system_clock, random.SystemRandom().random)
    return result.values, [f"{one.kind}: {one.text}" for one in result.messages]


def _run_python(script: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    with closing(PythonScripts()) as python:
        result = python.run(script, parameters)
    return result.values, list(result.lines)


def _check_powershell(file: Path) -> None:
    problems = problems_of(parse(_text(file)))
    if problems:
        raise ScriptUnsupported(
            f"{file} cannot be used: "
            + "; ".join(f"line {one.line}, column {one.column}: {one.message}" for one in problems)
        )


def _check_python(file: Path) -> None:
    with closing(PythonScripts()) as python:
        python.check(_text(file))


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
