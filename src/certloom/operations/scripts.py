"""The library of scripts: list, read, create, change, delete.

What a script does in a workflow changes with its contents, also after the workflow was approved; each change is audited
with the SHA-256 of the contents, and with the definitions that use it. Source: workflow-definitions reference, 4.4.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

import msgspec

from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.change import Change, Expect, RowCollides
from certloom.store.rows import Delete, Insert, Put, Write
from certloom.store.scripts import ScriptRow, list_scripts, read_script, read_script_named, steps_in_use
from certloom.workflow.definition import Step
from certloom.workflow.parameters import named_as_declared

__all__ = [
    "WORKFLOW",
    "LibraryScript",
    "ScriptInUse",
    "ScriptInvalid",
    "ScriptNameTaken",
    "ScriptNotFound",
    "create_script",
    "delete_script",
    "library_script",
    "script",
    "scripts",
    "update_script",
    "used_names",
]

WORKFLOW = 6
"""The category whose scripts are offered to steps. The only one a public page gives a number and a name for."""

_CATEGORIES = {"Workflow": WORKFLOW}
_HIGHEST_CATEGORY = 63
_LONGEST_NAME = 256


class ScriptNotFound(NotFound):
    """No script of that id or name."""


class ScriptNameTaken(Conflict):
    """Another script has this name, whatever its case."""

    code = "0xA011000A"


class ScriptInvalid(Invalid):
    """A script without a name or contents, with another name than it had, or in a category that does not exist."""


class ScriptInUse(Conflict):
    """Definitions use the script, so that it must stay, and stay in its category."""


class LibraryScript(msgspec.Struct, frozen=True):
    """A script of the library. ``sha256`` is that of its contents in UTF-8, as hexadecimal text."""

    id: int
    name: str
    contents: str
    categories: tuple[int, ...]
    sha256: str


async def scripts(services: Services, actor: Actor) -> list[LibraryScript]:
    """Every script, by name."""
    require(actor, Operation.LIST_SCRIPTS)
    return [_script(row) for row in await list_scripts(services.database)]


async def script(services: Services, actor: Actor, script_id: int) -> LibraryScript:
    """The script of an id. Raises ScriptNotFound."""
    require(actor, Operation.READ_SCRIPT)
    return _script(await _existing(services, script_id))


async def create_script(
    services: Services, actor: Actor, name: str, contents: str, categories: Sequence[int | str]
) -> LibraryScript:
    """A new script. Raises ScriptInvalid or ScriptNameTaken."""
    require(actor, Operation.CREATE_SCRIPT)
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise ScriptInvalid(f"Name is empty or longer than {_LONGEST_NAME} characters. Steps name the script by it.")
    row = ScriptRow(
        id=0,
        name_key=name.casefold(),
        name=name,
        contents=_checked(contents),
        categories=_numbers(categories),
        rev=1,
    )
    message = f"Created with SHA-256 {_sha256(contents)}."
    try:
        await _commit(services, actor, Operation.CREATE_SCRIPT, row, message, Insert(row))
    except RowCollides as error:
        raise ScriptNameTaken(f"There is a script {name} already. Change that one, or choose another name.") from error
    return await library_script(services, name)


async def update_script(
    services: Services,
    actor: Actor,
    script_id: int,
    *,
    contents: str | None = None,
    categories: Sequence[int | str] | None = None,
    name: str | None = None,
) -> LibraryScript:
    """Replace contents and categories; what is not given stays.

    Raises ScriptNotFound, ScriptInvalid (also for another name), or ScriptInUse where steps would lose it.
    """
    require(actor, Operation.UPDATE_SCRIPT)
    before = await _existing(services, script_id)
    if name is not None and name.strip() != before.name:
        raise ScriptInvalid(
            f"The name of script {before.name} cannot be changed: steps name it. Create another script, and delete "
            "this one once no definition uses it."
        )
    row = msgspec.structs.replace(
        before,
        contents=before.contents if contents is None else _checked(contents),
        categories=before.categories if categories is None else _numbers(categories),
        rev=before.rev + 1,
    )
    users = await _users(services, before)
    if users and WORKFLOW in _script(before).categories and WORKFLOW not in _script(row).categories:
        raise ScriptInUse(
            f"Script {before.name} must stay in category Workflow ({WORKFLOW}): it is used by {', '.join(users)}."
        )
    message = f"Changed from SHA-256 {_sha256(before.contents)} to {_sha256(row.contents)}."
    if users:
        message += f" Used by {', '.join(users)}."
    guard = Expect(ScriptRow, (before.id,), "rev", before.rev)
    await _commit(services, actor, Operation.UPDATE_SCRIPT, row, message, Put(row), guard)
    return _script(row)


async def delete_script(services: Services, actor: Actor, script_id: int) -> None:
    """Remove a script that no definition uses. Raises ScriptNotFound or ScriptInUse."""
    require(actor, Operation.DELETE_SCRIPT)
    row = await _existing(services, script_id)
    users = await _users(services, row)
    if users:
        raise ScriptInUse(f"Script {row.name} is used by {', '.join(users)}. Take it out of their steps first.")
    guard = Expect(ScriptRow, (row.id,), "rev", row.rev)
    message = f"Deleted with SHA-256 {_sha256(row.contents)}."
    await _commit(services, actor, Operation.DELETE_SCRIPT, row, message, Delete(ScriptRow, (row.id,)), guard)


async def library_script(services: Services, name: str) -> LibraryScript:
    """The script of a name, case ignored, for whoever runs it. Raises ScriptNotFound."""
    row = await read_script_named(services.database, name.strip().casefold())
    if row is None:
        raise ScriptNotFound(f"There is no library script {name[:100]!r}. GET /Extensions/Scripts lists them.")
    return _script(row)


def used_names(services: Services, step: Step) -> dict[str, str]:
    """The names of library scripts in the parameters of a step, by parameter."""
    step_type = services.step_types.get(step.extension_name)
    if step_type is None:
        return {}
    given = named_as_declared(step_type.parameters, step.parameters)
    values = {one.name: given.get(one.name) for one in step_type.parameters if one.library_script}
    return {name: value for name, value in values.items() if isinstance(value, str) and value.strip()}


async def _users(services: Services, row: ScriptRow) -> list[str]:
    """The definitions that use a script, by display name."""
    found = {
        display_name
        for display_name, steps in await steps_in_use(services.database)
        if any(
            name.strip().casefold() == row.name_key for step in steps for name in used_names(services, step).values()
        )
    }
    return sorted(found)


async def _existing(services: Services, script_id: int) -> ScriptRow:
    row = await read_script(services.database, script_id)
    if row is None:
        raise ScriptNotFound(f"There is no script with id {script_id}. GET /Extensions/Scripts lists them.")
    return row


async def _commit(
    services: Services,
    actor: Actor,
    operation: Operation,
    row: ScriptRow,
    message: str,
    write: Write,
    *guards: Expect,
) -> None:
    audit = entry(services, actor.display, operation, ("Script", row.name), message)
    await services.database.commit(Change(guards=guards, writes=(write,), audit=(audit,)))


def _checked(contents: str) -> str:
    if not contents.strip():
        raise ScriptInvalid("Contents is empty. Send the text of the script.")
    return contents


def _numbers(categories: Iterable[int | str]) -> str:
    return json.dumps(sorted({_number(category) for category in categories}))


def _number(category: int | str) -> int:
    number = _CATEGORIES.get(category, -1) if isinstance(category, str) else category
    if isinstance(category, str) and category.isascii() and category.isdecimal() and len(category) <= len("63"):
        number = int(category)
    if not 0 <= number <= _HIGHEST_CATEGORY:
        raise ScriptInvalid(
            f"{str(category)[:60]!r} is no category of scripts. Use Workflow ({WORKFLOW}), spelled like that, or a "
            f"number up to {_HIGHEST_CATEGORY}."
        )
    return number


def _script(row: ScriptRow) -> LibraryScript:
    return LibraryScript(row.id, row.name, row.contents, tuple(json.loads(row.categories)), _sha256(row.contents))


def _sha256(contents: str) -> str:
    return hashlib.sha256(contents.encode(errors="replace")).hexdigest()
