"""certloom definition diff and apply: a folder of definitions, kept in Git, against the installation."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from certloom.cli.definition_files import read_folder, read_map
from certloom.cli.options import Options, opened, operator, print_json, printable
from certloom.errors import Conflict, Invalid
from certloom.operations.exchange.applying import apply_plan
from certloom.operations.exchange.planning import Action, Plan, PlannedDefinition, plan_files

__all__ = ["apply", "diff"]

MapFile = Annotated[
    Path | None, Parameter(name="--map", help="A TOML file that fills in keys, roles, secrets and parameters.")
]


class NobodyAnswered(Invalid):
    """A question was to be asked, and there is no terminal."""


class DefinitionsChangedMeanwhile(Conflict):
    """Somebody changed a definition between the plan and its confirmation."""


async def diff(
    folder: Path,
    *,
    import_map: MapFile = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Show where the definitions differ from a folder's; exit code 1 when they do anywhere.

    Example: certloom definition diff definitions
    """
    files = read_folder(folder)
    given = read_map(import_map, [file.exported for file in files])
    async with opened(options) as certloom:
        plan = await plan_files(certloom.services, operator(), files, given)
    drifted = [one for one in plan.definitions if one.action is not Action.UNCHANGED]
    if options.json:
        print_json([_described(one) for one in drifted])
    elif not drifted:
        print("Nothing differs.")
    for one in [] if options.json else drifted:
        print("\n".join(map(printable, _told(one))))
    if drifted:
        sys.exit(1)


async def apply(
    folder: Path,
    *,
    import_map: MapFile = None,
    delete: Annotated[
        bool, Parameter(negative="", show_default=False, help="Delete definitions that have no file.")
    ] = False,
    yes: Annotated[bool, Parameter(negative="", show_default=False, help="Do not ask.")] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Make the definitions those of a folder: show what that changes, ask, and do it. A second time does nothing.

    Example: certloom definition apply definitions --yes
    """
    files = read_folder(folder)
    given = read_map(import_map, [file.exported for file in files])
    async with opened(options) as certloom:
        plan = await plan_files(certloom.services, operator(), files, given, delete=delete)
        if not options.json:
            _tell_plan(plan)
        if plan.changes and not yes:
            _ask(options, len(plan.changes))
            if await plan_files(certloom.services, operator(), files, given, delete=delete) != plan:
                raise DefinitionsChangedMeanwhile(
                    "Somebody changed a definition meanwhile. Nothing was done; try again."
                )
        await apply_plan(certloom.services, operator(), plan)
    if options.json:
        print_json([_described(one) for one in plan.definitions])
    elif plan.changes:
        print("Done.")


def _tell_plan(plan: Plan) -> None:
    for one in plan.definitions:
        for line in _told(one):
            print(printable(line))
    for entry in plan.unused:
        print(printable(f"map, {entry}: nothing in the files is called so"))
    if not plan.changes:
        print("Nothing to do.")


def _told(one: PlannedDefinition) -> list[str]:
    words = {
        Action.CREATE: "create and publish" if one.publish else "create",
        Action.CHANGE: "change and publish" if one.publish else "change",
        Action.UNLISTED: "has no file",
    }
    lines = [
        f"{words.get(one.action, one.action.value):18}  {one.workflow_type}: {one.display_name}  {one.file}".rstrip()
    ]
    for difference in one.differences:
        lines += [f"  {difference.place}", *(f"    {line}" for line in difference.lines())]
    return lines


def _described(one: PlannedDefinition) -> dict[str, Any]:
    return {
        "action": one.action.value,
        "type": one.workflow_type,
        "name": one.display_name,
        "file": one.file or None,
        "publish": one.publish,
        "differences": [{"place": each.place, "here": each.here, "file": each.file} for each in one.differences],
    }


def _ask(options: Options, changes: int) -> None:
    """Raises NobodyAnswered where nobody could, and ends the program unless the answer is yes."""
    if options.json or not _attended():
        raise NobodyAnswered(f"{changes} definitions would change, and there is no terminal to ask. Use --yes.")
    if input(f"Change {changes} definitions? [y/N] ").strip().casefold() not in {"y", "yes"}:
        print("Nothing was done.")
        sys.exit(1)


def _attended() -> bool:
    return sys.stdin.isatty()
