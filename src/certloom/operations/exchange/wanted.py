"""A file as the definition it asks for: its steps as they would be saved, and all that forbids saving them."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from certloom.operations.definition_keys import KEY_KINDS
from certloom.operations.definition_steps import step_of, with_closing_step
from certloom.operations.definition_versions import faults_of
from certloom.operations.definition_view import DefinitionView, existing_steps
from certloom.operations.exchange.exporting import exported_of
from certloom.operations.exchange.reading import ReadDefinition, plain_secrets, read_definition_file
from certloom.operations.exchange.secrets_given import only_new_secrets
from certloom.operations.services import Services
from certloom.operations.step_secrets import redirected_faults, seal_secrets
from certloom.store.accounts import list_roles
from certloom.store.definitions import DefinitionRow
from certloom.workflow.exported import ExportedDefinition, ExportForm
from certloom.workflow.fault import Fault
from certloom.workflow.faults import open_points
from certloom.workflow.import_map import ImportMap, filled
from certloom.workflow.kept_form import PlaceDifference, kept_form
from certloom.workflow.secret import without_secrets

__all__ = ["WantedDefinition", "kept_view", "wanted_definition"]


class WantedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What a file asks for. ``kept`` is None where the file cannot be used at all; ``faults`` say why.

    ``new_secrets`` says, without values, which secrets the map gives that are others than those here.
    """

    read: ReadDefinition
    description: str
    enabled: bool
    publish: bool
    kept: ExportedDefinition | None
    faults: tuple[Fault, ...]
    new_secrets: tuple[PlaceDifference, ...] = ()


def kept_view(services: Services, view: DefinitionView) -> ExportedDefinition:
    """A definition in the form in which it is kept in Git."""
    kept = kept_form(exported_of(view, services.step_types, ExportForm.V2))
    return replace(kept, is_global=True) if view.row.is_global else kept


async def wanted_definition(
    services: Services, file: ExportedDefinition, given: ImportMap, here: DefinitionView | None
) -> WantedDefinition:
    """What a file asks for, filled from the map. Secrets that neither gives stay as they are here."""
    read = await read_definition_file(services, filled(file, given))
    read, new_secrets = await only_new_secrets(services, read, here)
    wanted = WantedDefinition(
        read=read,
        description=file.description or "",
        enabled=file.enabled is not False,
        publish=file.is_published is not False,
        kept=None,
        faults=tuple(_head_faults(services, file, read, here)),
        new_secrets=new_secrets,
    )
    if wanted.faults:
        return wanted
    view = await _view(services, file, wanted)
    shown = tuple(without_secrets(step, services.step_types.get(step.extension_name)) for step in view.steps)
    faults = await _step_faults(services, view, wanted, here)
    return replace(
        wanted,
        kept=kept_view(services, replace(view, steps=shown)),
        faults=(*_secrets_in_file(services, file), *read.unresolved, *faults),
    )


def _head_faults(
    services: Services, file: ExportedDefinition, read: ReadDefinition, here: DefinitionView | None
) -> Iterator[Fault]:
    if read.workflow_type not in services.workflow_types:
        known = ", ".join(services.workflow_types)
        text = f"{read.workflow_type[:100]!r} is not known. Use one of: {known}"
        yield Fault("", "WorkflowType", "workflow-type-unknown", text)
    if not file.display_name.strip():
        yield Fault("", "DisplayName", "name-missing", "is missing")
    if file.is_global is True and here is None:
        yield Fault("", "IsGlobal", "not-built-in", f"type {read.workflow_type[:100]} has no built-in definition")


async def _view(services: Services, file: ExportedDefinition, wanted: WantedDefinition) -> DefinitionView:
    """The definition as it would be once it is saved."""
    read = wanted.read
    row = DefinitionRow(
        id="",
        workflow_type=read.workflow_type,
        display_name=file.display_name,
        description=wanted.description,
        enabled=int(wanted.enabled),
        is_global=int(file.is_global is True),
        draft_version=1,
        published_version=1 if wanted.publish else None,
        rev=0,
    )
    steps = with_closing_step(services, row, tuple(step_of(services, draft) for draft in read.drafts))
    things = await KEY_KINDS[services.workflow_types[read.workflow_type].key_type].read(services.database)
    names = {thing.id: thing.display_name for thing in things}
    roles = {role.id: role.name for role in await list_roles(services.database)}
    return DefinitionView(row, 1, steps, tuple((key, names.get(key)) for key in read.keys), roles)


def _secrets_in_file(services: Services, file: ExportedDefinition) -> Iterator[Fault]:
    for step, name in plain_secrets(services, file):
        text = "is a secret in the clear. Take it out of the file, and out of Git; give it in [secrets] of the map"
        yield Fault(step, f"ConfigurationParameters.{name}", "secret-in-file", text)


async def _step_faults(
    services: Services, view: DefinitionView, wanted: WantedDefinition, here: DefinitionView | None
) -> tuple[Fault, ...]:
    """What forbids to save the steps and, where they shall be in use, to publish them."""
    earlier = await existing_steps(services, here.row, here.version) if here else ()
    if not (view.steps or earlier or wanted.publish):
        return ()  # created and not filled yet, here or where the file comes from
    structural = await faults_of(services, view.row, view.steps)
    faults = (*structural, *redirected_faults(services, view.steps, earlier))
    if not wanted.publish:
        return faults
    nothing = Fault("", "Keys", "key-missing", "there is none, so nothing would ever reach this definition")
    keyless = () if view.row.is_global or view.keys else (nothing,)
    # What is null in the file and held here is not missing.
    completed, _ = seal_secrets(services, here.row.id if here else "", view.steps, earlier)
    return (*faults, *keyless, *open_points(completed, services.step_types, frozenset(view.roles)))
