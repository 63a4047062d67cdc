"""Write docs/reference/ from the declarations in the code: run by ``make docs``; a test fails on drift."""  # noqa: INP001 - a script

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from unittest.mock import patch

import msgspec
from msgspec import Meta

import certloom
from certloom.api.problems import FAMILIES, UNEXPECTED
from certloom.app import STEP_TYPES, WORKFLOW_TYPES
from certloom.cli.program import program
from certloom.errors import CertloomError
from certloom.identity.known_permissions import OLD_PERMISSIONS
from certloom.operations.access import ACCESS
from certloom.settings import PREFIX, SECRETS, TYPES, Settings
from certloom.workflow.parameters import Parameter
from certloom.workflow.step import EffectStep, Retries, StepType

sys.path.insert(0, str(Path(__file__).parent))
from script_words import script_words

REFERENCE = Path(__file__).parent / "reference"
MARK = "<!-- Written by `make docs` from the code. Change it there. -->"
AGAIN = {
    Retries.SAFE: "the same again has the same result",
    Retries.TWICE: "it may happen a second time, recognisable by its key",
    Retries.LOOKUP: "it first finds out whether it happened",
    Retries.MANUAL: "nobody can know: the instance fails and waits for a person",
}

DATA = """What the data of an instance holds, by workflow type. `InitialData` has what is there from the start,
`CurrentStateData` also what steps added. A token such as `$(Subject)` in a parameter of a step is replaced by the value
of that name; some values have further token names. What scripts and answers from outside set comes beside these.

No key holds a secret: secret parameters never enter the data. The source says how certain it is that the Keyfactor
product has the key: its *manual* lists it for the type; it is *recalled*, the name of a field elsewhere in the product
that no public page lists here; or it is *ours*."""


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of every generated page, by file name."""
    made = {
        "settings.md": _settings(),
        "command-line.md": _command_line(),
        "steps.md": _steps(),
        "workflow-data.md": _workflow_data(),
        "permissions.md": _permissions(),
        "errors.md": _errors(),
        "powershell.md": script_words(),
    }
    return {name: f"{MARK}\n\n{text.strip()}\n" for name, text in made.items()}


def _settings() -> str:
    rows = []
    for field in msgspec.structs.fields(Settings):
        base, meta = get_args(TYPES[field.name])
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        shown = "" if default == "" else _code(msgspec.json.encode(default).decode())
        variables = [f"{PREFIX}{field.name.upper()}{end}" for end in ("", "_FILE")[: 1 + (field.name in SECRETS)]]
        rows.append((_code(field.name), _type(base, meta), shown, " ".join(map(_code, variables)), meta.description))
    return f"""# Settings

Later sources win: defaults, a TOML file (`--config FILE` or `{PREFIX}CONFIG`), the environment, the options of a
command. An empty variable counts as not given. A name that no setting has is an error, so a misspelled one is noticed.
A secret may stand in a file of its own, which the variable with `_FILE` names.

{_table(("setting", "type", "default", "environment", "meaning"), rows)}
"""


def _type(base: Any, meta: Meta) -> str:
    if get_origin(base) is Literal:
        return " or ".join(_code(value) for value in get_args(base))
    if get_origin(base) is dict:
        return "table"
    words = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        tuple[str, ...]: "list of texts",
    }[base]
    limits = [f"at least {meta.ge}"] if meta.ge is not None else []
    limits += [f"at most {meta.le}"] if meta.le is not None else []
    limits += ["not empty"] if meta.min_length else []
    return ", ".join([words, *limits])


def _command_line() -> str:
    # Cyclopts shows in the usage how the running program was started.
    with patch.object(sys, "argv", ["certloom"]):
        text = program.generate_docs(output_format="markdown")
    text = re.sub(r"\n## Table of Contents\n.*?(?=\n\*\*Commands)", "", text, flags=re.DOTALL)
    text = re.sub(r"^((?:Try it|Run it|Example): )(certloom.*)$", r"\1`\2`", text, flags=re.MULTILINE)
    return text.replace("# certloom\n", "# Command line\n", 1)


def _steps() -> str:
    parts = ["# Steps", "What a definition can be made of. `ExtensionName` on the wire is the name in the heading."]
    for step in STEP_TYPES:
        parts += [f"## {step.extension_name}", _lead(type(step)), _step_facts(step)]
        if step.parameters:
            parts += ["Parameters:", _parameters(step.parameters)]
        for signal in step.signals:
            kind = "a vote, bound to the request as it stands" if signal.vote else "no vote"
            parts += [f"Signal {_code(signal.name)} ({kind}):", _parameters(signal.inputs)]
    return "\n\n".join(parts)


def _step_facts(step: StepType) -> str:
    effect = AGAIN[step.retries] if isinstance(step, EffectStep) else "it has no effect outside"
    facts = {
        "Shown as": step.display_name,
        "For": ", ".join(step.workflow_types) or "every workflow type",
        "How often": "once in a definition, without conditions" if step.once else "as often as wanted",
        "Outputs": ", ".join(map(_code, step.outputs)),
        "Performed a second time after a crash": effect,
    }
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _parameters(declared: Sequence[Parameter]) -> str:
    rows = [
        (
            _code(one.name),
            one.data_type.name.replace("_", " ").lower(),
            "yes" if one.required else "no",
            _code(one.default) if one.default is not None else "",
            _meaning(one),
        )
        for one in declared
    ]
    return _table(("name", "type", "required", "default", "meaning"), rows)


def _meaning(parameter: Parameter) -> str:
    """What a parameter means, where it comes from, and what else it may be called."""
    also = f"Also read as {', '.join(map(_code, parameter.aliases))}." if parameter.aliases else ""
    return " ".join(filter(None, [parameter.help, "Ours." if parameter.ours else "", also]))


def _workflow_data() -> str:
    parts = ["# Workflow data", DATA]
    for kind in WORKFLOW_TYPES:
        rows = [
            (
                _code(key.name),
                key.json_type,
                key.added_by,
                key.present,
                " ".join(map(_code, key.tokens)),
                key.origin,
                key.meaning + (f": {', '.join(map(_code, key.members))}" if key.members else ""),
            )
            for key in kind.data_keys
        ]
        closing = f" Every definition holds {_code(kind.closing_step)} exactly once." if kind.closing_step else ""
        parts += [f"## {kind.name}", f"{_lead(type(kind))} Keyed by {kind.key_type.lower()}.{closing}"]
        parts.append(_table(("name", "type", "added by", "there", "further tokens", "source", "meaning"), rows))
    return "\n\n".join(parts)


def _permissions() -> str:
    operations = [
        (operation.value, " or ".join(map(_code, needed)) or "nothing more than signing in; it looks closer itself")
        for operation, needed in ACCESS.items()
    ]
    acted_on = sorted({one for needed in ACCESS.values() for one in needed})
    old = {one: [name for name, new in OLD_PERMISSIONS.items() if new == one] for one in acted_on}
    spellings = [(_code(one), ", ".join(map(_code, names))) for one, names in old.items() if names]
    return f"""# Permissions

A permission is a path, and a shorter path grants everything below it: `/` is all. Upper and lower case are the same.
Approving needs no permission but a role that the step names.

{_table(("operation", "needs"), operations)}

## Older spellings

Roles may be given the `Area:Permission` strings of the model before 11.0, in any case. They are kept as the new path.

{_table(("permission", "older spelling"), spellings)}
"""


def _errors() -> str:
    families = [
        (family.__name__, str(status), _code(code), _lead(family)) for family, (status, code) in FAMILIES.items()
    ]
    status, code = UNEXPECTED
    families.append(("anything else", str(status), _code(code), "A fault of the server. The message names a log line."))
    own = sorted((error.code or "", error.__name__, _lead(error)) for error in _errors_with_a_code())
    return f"""# Errors

Every refusal is JSON with `ErrorCode` and `Message`; the message says what happened, why, and what to do. Look at the
status first: codes tell families apart, not single errors.

{_table(("family", "status", "`ErrorCode`", "meaning"), families)}

Some errors have a code of their own, because clients look for it:

{_table(("`ErrorCode`", "error", "meaning"), [(_code(code), name, meaning) for code, name, meaning in own])}
"""


def _errors_with_a_code() -> Iterator[type[CertloomError]]:
    for module in pkgutil.walk_packages(certloom.__path__, "certloom."):
        if "__main__" not in module.name and ".migrations" not in module.name and "lint_worker" not in module.name:
            importlib.import_module(module.name)
    families = list(FAMILIES)
    while families:
        family = families.pop()
        families += family.__subclasses__()
        if family.__module__.startswith("certloom.") and "code" in vars(family):
            yield family


def _lead(thing: type) -> str:
    return (thing.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ").replace("``", "`")


def _code(text: str) -> str:
    return f"`{text}`"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    main()
