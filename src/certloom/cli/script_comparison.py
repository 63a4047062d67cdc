"""Restricted PowerShell beside an installed PowerShell 7: one script, one set of parameters, two results."""

import json
import random
import sys
from collections.abc import Iterator, Mapping

import msgspec

from certloom.cli.options import Options, print_json, print_rows
from certloom.clock import system_clock
from certloom.errors import CertloomError
from certloom.scripting.powershell.limits import Limits
from certloom.scripting.powershell.run import Result
from certloom.scripting.powershell.run import run as run_script
from certloom.scripting.pwsh.interpreter import Pwsh, PwshUnusable

__all__ = ["Difference", "compare", "differences"]


class Difference(msgspec.Struct, frozen=True):
    """What is not the same in both: its name, and how each has it, as text; None where it has nothing."""

    what: str
    ours: str | None
    pwsh: str | None


async def compare(pwsh: Pwsh, file: str, script: str, parameters: Mapping[str, str], options: Options) -> None:
    """Run a script in both and print what differs; exit code 1 when something does. Raises PwshUnusable."""
    ours = _ours(script, parameters)
    try:
        theirs = _seen(await pwsh.run(script, parameters))
    except PwshUnusable:
        raise
    except CertloomError as error:
        theirs = {"failure": error.message}
    found = differences(ours, theirs)
    if options.json:
        print_json({"file": file, "differences": [msgspec.structs.asdict(one) for one in found]})
    elif found:
        rows = [(one.what, _shown(one.ours), _shown(one.pwsh)) for one in found]
        print_rows(options, ("what", "restricted PowerShell", "PowerShell 7"), rows)
    else:
        print(f"{file} does the same in restricted PowerShell and in {pwsh.program()}.")
    if found:
        sys.exit(1)


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[Difference, ...]:
    """What is not the same in both; names that differ in case only are one."""
    one, other = ({name.casefold(): (name, text) for name, text in told.items()} for told in (ours, theirs))
    return tuple(_different(one, other))


def _different(ours: dict[str, tuple[str, str]], theirs: dict[str, tuple[str, str]]) -> Iterator[Difference]:
    for key in sorted({*ours, *theirs}):
        name, text = ours.get(key, (theirs.get(key, (key, ""))[0], None))
        other = theirs[key][1] if key in theirs else None
        if text != other:
            yield Difference(name, text, other)


def _ours(script: str, parameters: Mapping[str, str]) -> dict[str, str]:
    try:
        return _seen(run_script(script, parameters, Limits(), system_clock, random.SystemRandom().random))
    except CertloomError as error:
        return {"failure": error.message}


def _seen(result: Result) -> dict[str, str]:
    """Values as JSON, so that a number is not its text; messages in their order."""
    values = {f"value {name}": json.dumps(value, sort_keys=True) for name, value in result.values.items()}
    messages = {f"message {number}": f"{one.kind}: {one.text}" for number, one in enumerate(result.messages, start=1)}
    return {**values, **messages}


def _shown(text: str | None) -> str:
    return "nothing" if text is None else text
