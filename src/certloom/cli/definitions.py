"""certloom definition: what workflows do, as files."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from certloom.app import Certloom
from certloom.cli.definition_files import read_file, read_map, write_folder
from certloom.cli.definition_folder import apply, diff
from certloom.cli.options import Options, opened, operator, print_json, print_rows, printable
from certloom.errors import Invalid, NotFound
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import definition_view
from certloom.operations.definitions import definitions as all_definitions
from certloom.operations.exchange.exporting import export_definition
from certloom.operations.exchange.importing import ImportedDefinition, import_definition
from certloom.operations.exchange.planning import kept_definitions
from certloom.operations.exchange.wanted import kept_view
from certloom.operations.publishing import publish_definition
from certloom.workflow.exported import ExportForm
from certloom.workflow.import_map import unused_entries
from certloom.workflow.kept_form import text_of_document

__all__ = ["definitions"]

definitions = App(
    name="definition",
    help="""Workflow definitions: bring them in, keep them in Git, put them into use.

    Example: certloom definition import exported.json --map map.toml
    """,
)
definitions.command(diff)
definitions.command(apply)


class DefinitionUnnamed(Invalid):
    """Neither a definition nor a folder was named, or both."""


class DefinitionNameUnknown(NotFound):
    """No definition has this name or id, or several have it."""


@definitions.command(name="list")
async def list_definitions(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every definition with what it covers and which version is in use.

    Example: certloom definition list
    """
    async with opened(options) as certloom:
        found = await all_definitions(certloom.services, operator())
    rows = [
        (
            view.row.workflow_type,
            view.row.display_name,
            tuple(name or key for key, name in view.keys),
            view.row.published_version,
            view.row.draft_version,
            "on" if view.row.enabled else "off",
        )
        for view in found
    ]
    print_rows(options, ("type", "name", "keys", "in use", "newest", "state"), rows)


@definitions.command
async def show(name: str, *, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show one definition, by display name or id, in the form in which it is kept in Git.

    Example: certloom definition show 'Global Enrollment Workflow'
    """
    async with opened(options) as certloom:
        view = await _named(certloom, name)
    sys.stdout.write(text_of_document(kept_view(certloom.services, view)))


@definitions.command
async def export(
    name: Annotated[str | None, Parameter(help="Display name or id.")] = None,
    *,
    into: Annotated[Path | None, Parameter(help="Write the form kept in Git, one file each, into this folder.")] = None,
    api_version: Annotated[int, Parameter(help="1 or 2: the form of which version of the API.")] = 1,
    for_command: Annotated[
        bool, Parameter(negative="", help="Refuse what Keyfactor Command could not read, and say what it is.")
    ] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Print one definition as an exported file, or write all into a folder. Neither ids of roles nor secrets leave.

    Example: certloom definition export 'Web servers' --for-command
    """
    form = _form(api_version)
    if (name is None) == (into is None):
        raise DefinitionUnnamed("Name one definition to print it, or a folder with --into to write all of them.")
    async with opened(options) as certloom:
        if into is not None:
            written, others = write_folder(into, await kept_definitions(certloom.services, operator()))
            _tell_written(options, into, written, others)
            return
        view = await _named(certloom, name or "")
        exported = await export_definition(
            certloom.services, operator(), UUID(view.row.id), form=form, for_command=for_command
        )
    sys.stdout.write(text_of_document(exported))


@definitions.command(name="import")
async def import_file(
    file: Path,
    *,
    import_map: Annotated[
        Path | None, Parameter(name="--map", help="A TOML file that fills in keys, roles, secrets and parameters.")
    ] = None,
    publish: Annotated[
        bool, Parameter(negative="", show_default=False, help="Put it into use, where nothing is open.")
    ] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Make a draft from an exported file, and say what is open still and what works differently here.

    Example: certloom definition import exported.json --map map.toml
    """
    exported, unread = read_file(file)
    given = read_map(import_map, [exported])
    async with opened(options) as certloom:
        imported = await import_definition(certloom.services, operator(), exported, given)
        notes = [
            *(f"{place}: means nothing here and was left out" for place in unread),
            *(f"map, {entry}: nothing in the file is called so" for entry in unused_entries(exported, given)),
        ]
        _tell_imported(options, imported, notes)
        if publish:
            await publish_definition(certloom.services, operator(), UUID(imported.view.row.id))


def _tell_imported(options: Options, imported: ImportedDefinition, notes: list[str]) -> None:
    row = imported.view.row
    points, warnings = [str(one) for one in imported.open_points], [str(one) for one in imported.warnings]
    if options.json:
        told = {"id": row.id, "name": row.display_name, "type": row.workflow_type}
        print_json({**told, "open_points": points, "warnings": [*warnings, *notes]})
        return
    print(printable(f"Imported {row.display_name} as a draft of type {row.workflow_type}, id {row.id}."))
    for title, lines in (("Open before it can be published:", points), ("Look at:", [*warnings, *notes])):
        if lines:
            print(title, *(f"  {printable(line)}" for line in lines), sep="\n")


def _tell_written(options: Options, folder: Path, written: list[str], others: list[str]) -> None:
    if options.json:
        print_json({"folder": str(folder), "written": written, "others": others})
        return
    print(f"Wrote {len(written)} definitions into {folder}.")
    for name in others:
        print(printable(f"  {name} is the file of no definition here: delete it, or apply the folder to create one."))


def _form(api_version: int) -> ExportForm:
    try:
        return ExportForm(str(api_version))
    except ValueError:
        raise DefinitionUnnamed(f"There is no version {api_version} of the API. Use 1 or 2.") from None


async def _named(certloom: Certloom, name: str) -> DefinitionView:
    """The newest version of the definition of that display name or id. Raises DefinitionNameUnknown."""
    folded = name.strip().casefold()
    listed = await all_definitions(certloom.services, operator())
    found = [one for one in listed if folded in {one.row.id, one.row.display_name.strip().casefold()}]
    if len(found) != 1:
        many = (
            f"{len(found)} definitions are called {name!r}: " if found else f"There is no definition {name!r}. Known: "
        )
        known = ", ".join(f"{one.row.display_name} ({one.row.id})" for one in found or listed)
        raise DefinitionNameUnknown(f"{many}{known}. Use an id.")
    return await definition_view(certloom.services, operator(), UUID(found[0].row.id))
