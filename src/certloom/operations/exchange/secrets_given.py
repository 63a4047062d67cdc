"""Secrets an import map gives for a definition that is here: only what is new of them is stored again.

Otherwise every run of a pipeline would make a new version.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from certloom.operations.definition_steps import StepDraft, step_of
from certloom.operations.definition_view import DefinitionView, existing_steps
from certloom.operations.exchange.reading import ReadDefinition
from certloom.operations.secret_sources import SecretUnusable, open_secret
from certloom.operations.services import Services
from certloom.workflow.definition import Step
from certloom.workflow.kept_form import PlaceDifference
from certloom.workflow.secret import redirected_secrets, secret_parameters

__all__ = ["only_new_secrets"]


async def only_new_secrets(
    services: Services, read: ReadDefinition, here: DefinitionView | None
) -> tuple[ReadDefinition, tuple[PlaceDifference, ...]]:
    """The definition with null for every secret that is held here with the same value, and where the others are."""
    if here is None:
        return read, ()
    held = {step.unique_name.casefold(): step for step in await existing_steps(services, here.row, here.version)}
    drafts: list[StepDraft] = []
    new: list[PlaceDifference] = []
    for draft in read.drafts:
        known = await _kept_by(services, here.row.id, held.get(draft.unique_name.casefold()), draft)
        parameters = dict(draft.parameters)
        for name, declared in _given(services, draft):
            place = f"Steps.{draft.unique_name}.ConfigurationParameters.{name}"
            if known.get(declared) == parameters[name]:
                parameters[name] = None
            else:
                new.append(PlaceDifference(place, _HELD if declared in known else (), _NEW))
        drafts.append(replace(draft, parameters=parameters))
    return replace(read, drafts=tuple(drafts)), tuple(new)


_HELD, _NEW = ("a secret",), ("a new secret",)


def _given(services: Services, draft: StepDraft) -> Iterator[tuple[str, str]]:
    """The secrets a draft gives in the clear: their names in the draft and their declared names."""
    step = step_of(services, draft)
    for name, declared in secret_parameters(step, services.step_types.get(step.extension_name)).items():
        if isinstance(draft.parameters[name], str):
            yield name, declared.name


async def _kept_by(services: Services, definition_id: str, step: Step | None, draft: StepDraft) -> Mapping[str, Any]:
    """The secrets a step holds and the draft may keep, by their declared names; None for one that cannot be opened."""
    if step is None:
        return {}
    moved = redirected_secrets(step_of(services, draft), step, services.step_types.get(step.extension_name))
    opened = await _opened(services, definition_id, step)
    return {name: value for name, value in opened.items() if name not in moved}


async def _opened(services: Services, definition_id: str, step: Step) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for name, declared in secret_parameters(step, services.step_types.get(step.extension_name)).items():
        if step.parameters[name] is not None:
            try:
                values[declared.name] = await open_secret(
                    services, definition_id, step.unique_name, step.parameters[name]
                )
            except SecretUnusable:
                values[declared.name] = None
    return values
