"""A folder of definitions against the installation: what would have to be done, and everything that forbids it.

A definition is the one of its workflow type and display name; the built-in one of a type is that one whatever its name.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import definition_view, definitions
from certloom.operations.exchange.wanted import WantedDefinition, kept_view, wanted_definition
from certloom.operations.services import Services
from certloom.store.definitions import DefinitionRow
from certloom.workflow.exported import ExportedDefinition
from certloom.workflow.fault import Fault
from certloom.workflow.import_map import ImportMap, unused_entries
from certloom.workflow.kept_form import PlaceDifference, differences

__all__ = ["Action", "DefinitionFile", "FilesUnusable", "Plan", "PlannedDefinition", "kept_definitions", "plan_files"]


class FilesUnusable(Invalid):
    """Files of a folder cannot become definitions; the message lists why, and nothing is changed."""


class Action(StrEnum):
    """What has to be done for a definition to be as its file says."""

    CREATE = "create"
    CHANGE = "change"
    PUBLISH = "publish"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    UNLISTED = "unlisted"  # here without a file, and kept


class DefinitionFile(msgspec.Struct, frozen=True):
    """A file of the folder: its name and what is in it."""

    name: str
    exported: ExportedDefinition


class PlannedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done with one definition. ``wanted`` is None where no file speaks of it."""

    action: Action
    workflow_type: str
    display_name: str
    definition_id: str = ""
    file: str = ""
    differences: tuple[PlaceDifference, ...] = ()
    wanted: WantedDefinition | None = None

    @property
    def publish(self) -> bool:
        """Whether the newest version shall be in use afterwards."""
        return self.wanted is not None and self.wanted.publish


class Plan(msgspec.Struct, frozen=True):
    """What will be done, and the entries of the map that no file needs."""

    definitions: tuple[PlannedDefinition, ...]
    unused: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[PlannedDefinition, ...]:
        """The definitions with which something will be done."""
        return tuple(one for one in self.definitions if one.action not in {Action.UNCHANGED, Action.UNLISTED})


async def kept_definitions(services: Services, actor: Actor) -> list[ExportedDefinition]:
    """Every definition in the kept form, by display name."""
    return [kept_view(services, view) for view in await _views(services, actor)]


async def plan_files(
    services: Services, actor: Actor, files: Sequence[DefinitionFile], given: ImportMap, *, delete: bool = False
) -> Plan:
    """What makes the definitions those of the files. With ``delete`` those without a file go, built-in ones excepted.

    Raises FilesUnusable with everything that is wrong in any of the files.
    """
    views = await _views(services, actor)
    faults = list(_doubled(files, views))
    planned = []
    for file in files:
        view = next((one for one in views if _identity_of(one.row) == _identity(file.exported)), None)
        one, wrong = await _planned(services, file, given, view)
        planned.append(one)
        faults.extend(f"{file.name}: {fault}" for fault in wrong)
    if faults:
        told = "; ".join(f"{number}) {fault}" for number, fault in enumerate(faults, start=1))
        raise FilesUnusable(f"The folder cannot be used, and nothing was changed: {told}.")
    return Plan((*planned, *_without_file(views, files, delete=delete)), _unused(files, given))


async def _views(services: Services, actor: Actor) -> list[DefinitionView]:
    listed = await definitions(services, actor)
    return [await definition_view(services, actor, UUID(view.row.id)) for view in listed]


def _identity(exported: ExportedDefinition) -> tuple[str, str]:
    name = "" if exported.is_global is True else exported.display_name.strip().casefold()
    return exported.workflow_type.strip().casefold(), name


def _identity_of(row: DefinitionRow) -> tuple[str, str]:
    return row.workflow_type.casefold(), "" if row.is_global else row.display_name.strip().casefold()


def _doubled(files: Sequence[DefinitionFile], views: Sequence[DefinitionView]) -> Iterator[str]:
    counts = Counter(_identity(file.exported) for file in files)
    here = Counter(_identity_of(view.row) for view in views)
    for file in files:
        identity, called = _identity(file.exported), file.exported.display_name[:100]
        if counts[identity] > 1:
            yield f"{file.name}: another file is of type {identity[0]} and called {called} as well"
        if here[identity] > 1:
            yield f"{file.name}: {here[identity]} definitions here are called {called}; rename all but one of them"


async def _planned(
    services: Services, file: DefinitionFile, given: ImportMap, here: DefinitionView | None
) -> tuple[PlannedDefinition, tuple[Fault, ...]]:
    wanted = await wanted_definition(services, file.exported, given, here)
    found = () if here is None or wanted.kept is None else _differing(kept_view(services, here), wanted)
    planned = PlannedDefinition(
        action=Action.CREATE if here is None else _action(found),
        workflow_type=wanted.read.workflow_type,
        display_name=file.exported.display_name,
        definition_id=here.row.id if here else "",
        file=file.name,
        differences=found,
        wanted=wanted,
    )
    return planned, wanted.faults


def _differing(here: ExportedDefinition, wanted: WantedDefinition) -> tuple[PlaceDifference, ...]:
    """What has to change. A file cannot take out of use what is in use: that is what Enabled is for."""
    found = differences(here, wanted.kept) if wanted.kept else ()
    told = found if wanted.publish else tuple(one for one in found if one.place != _IN_USE)
    return (*told, *wanted.new_secrets)


_IN_USE = "IsPublished"


def _action(found: Sequence[PlaceDifference]) -> Action:
    if not found:
        return Action.UNCHANGED
    return Action.PUBLISH if {one.place for one in found} == {_IN_USE} else Action.CHANGE


def _without_file(
    views: Sequence[DefinitionView], files: Sequence[DefinitionFile], *, delete: bool
) -> Iterator[PlannedDefinition]:
    listed = {_identity(file.exported) for file in files}
    for view in views:
        if _identity_of(view.row) not in listed and not view.row.is_global:
            yield PlannedDefinition(
                action=Action.DELETE if delete else Action.UNLISTED,
                workflow_type=view.row.workflow_type,
                display_name=view.row.display_name,
                definition_id=view.row.id,
            )


def _unused(files: Sequence[DefinitionFile], given: ImportMap) -> tuple[str, ...]:
    """The entries of the map that no file needs."""
    unneeded = [set(unused_entries(file.exported, given)) for file in files]
    return tuple(sorted(set.intersection(*unneeded))) if unneeded else ()
