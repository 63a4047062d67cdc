"""Importing: an exported file becomes a draft, with everything told that is still open or is different here."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from certloom.errors import Conflict
from certloom.identity.actor import Actor
from certloom.operations.awaited import may_signal_own
from certloom.operations.definition_view import DefinitionView
from certloom.operations.definitions import create_definition, definitions
from certloom.operations.exchange.reading import plain_secrets, read_definition_file
from certloom.operations.publishing import definition_findings
from certloom.operations.services import Services
from certloom.workflow.definition import Step
from certloom.workflow.exported import ExportedDefinition
from certloom.workflow.fault import Fault
from certloom.workflow.import_map import ImportMap, filled
from certloom.workflow.parameters import named_as_declared

__all__ = ["DefinitionExists", "ImportedDefinition", "import_definition"]

_TOLD_ALREADY = {("Keys", "key-missing"), ("Signals", "role-missing")}


class DefinitionExists(Conflict):
    """There is a definition of this type and display name already."""

    code = "0xA011000A"


class ImportedDefinition(msgspec.Struct, frozen=True):
    """The draft, what must be filled in before it can be published, and what deserves a second look."""

    view: DefinitionView
    open_points: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


async def import_definition(
    services: Services, actor: Actor, exported: ExportedDefinition, given: ImportMap | None = None
) -> ImportedDefinition:
    """A new definition, never published, from a file and what the map fills in.

    Raises DefinitionExists, DefinitionKeyTaken, and DefinitionInvalid with every structural fault.
    """
    await _refuse_twin(services, actor, exported)
    read = await read_definition_file(services, filled(exported, given or ImportMap()))
    view = await create_definition(
        services,
        actor,
        display_name=exported.display_name,
        description=exported.description or "",
        workflow_type=read.workflow_type,
        keys=read.keys,
        enabled=exported.enabled is not False,
        drafts=read.drafts,
    )
    findings = await definition_findings(services, actor, UUID(view.row.id))
    return ImportedDefinition(
        view,
        (*read.unresolved, *_untold(findings.open_points, read.unresolved)),
        (*_remarks(services, view.steps), *findings.warnings, *_bared(services, exported)),
    )


async def _refuse_twin(services: Services, actor: Actor, exported: ExportedDefinition) -> None:
    wanted = (exported.workflow_type.strip().casefold(), exported.display_name.casefold())
    for view in await definitions(services, actor):
        if (view.row.workflow_type.casefold(), view.row.display_name.casefold()) == wanted:
            raise DefinitionExists(
                f"There is a definition {view.row.display_name} of type {view.row.workflow_type} already "
                f"({view.row.id}). Rename or delete that one, or bring the file in with: certloom definition apply"
            )


def _untold(points: Sequence[Fault], unresolved: Sequence[Fault]) -> Iterator[Fault]:
    """The open points without those that only repeat that a key or a role of the file is not here."""
    told = {(fault.step, fault.field.partition(".")[0]) for fault in unresolved}
    for point in points:
        field = point.field.partition(".")[0]
        if (point.step, field) not in told or (field, point.rule) not in _TOLD_ALREADY:
            yield point


def _remarks(services: Services, steps: Sequence[Step]) -> Iterator[Fault]:
    """What works differently here than in the product."""
    for step in steps:
        step_type = services.step_types.get(step.extension_name)
        if step_type is None:
            continue
        if any(signal.vote for signal in step_type.signals) and not may_signal_own(services, step):
            text = "the requester's own vote is refused here; only AllowSelfApproval lets it count, as the product does"
            yield Fault(step.unique_name, "ConfigurationParameters", "self-approval-refused", text)
        for text in step_type.remarks(named_as_declared(step_type.parameters, step.parameters)):
            yield Fault(step.unique_name, "ConfigurationParameters", "works-differently", text)


def _bared(services: Services, exported: ExportedDefinition) -> Iterator[Fault]:
    for step, name in plain_secrets(services, exported):
        text = (
            "stands in the file in the clear. It was taken and is sealed here; delete the file, or better, the secret"
        )
        yield Fault(step, f"ConfigurationParameters.{name}", "secret-in-file", text)
