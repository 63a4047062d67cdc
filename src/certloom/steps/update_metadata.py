"""UpdateMetadata: notes something about the certificate of the instance.

What a second time does: the same value is noted again. Source: workflow-definitions reference, 4.10.
"""

from typing import Any

from typing_extensions import override

from certloom.errors import Conflict
from certloom.workflow.fact import MetadataNoted
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import Parameter
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext, StepView

__all__ = ["CertificateNotIssued", "UpdateMetadata"]


class CertificateNotIssued(Conflict):
    """The instance has no certificate yet."""


class UpdateMetadata(EffectStep):
    """Sets one metadata field of the certificate; an empty value removes it."""

    extension_name = "UpdateMetadata"
    display_name = "Update Certificate Metadata"
    parameters = (
        Parameter(
            name="Name",
            display_name="Metadata field",
            required=True,
            help="Name of the metadata field.",
            aliases=("MetadataName", "FieldName"),
        ),
        Parameter(
            name="Value",
            display_name="Value",
            tokens=True,
            help="What the field shall hold, in its type's form; empty to remove it.",
            aliases=("MetadataValue",),
        ),
    )
    retries = Retries.SAFE

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        view = context.view
        certificate_id = _certificate_id(view)
        name, value = await context.lookup.metadata_value(
            certificate_id, str(view.parameters.get("Name") or ""), view.parameters.get("Value")
        )
        return Prepared({"certificate_id": certificate_id, "name": name, "value": value})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        name, value = intent["name"], intent["value"]
        others = {
            key: noted
            for key, noted in (context.view.data.get("Metadata") or {}).items()
            if key.casefold() != name.casefold()
        }
        noted = MetadataNoted(certificate_id=intent["certificate_id"], name=name, value=value)
        return Continue({"Metadata": {**others, name: value} if value else others}, (noted,))


def _certificate_id(view: StepView) -> int:
    found = view.data.get("CertificateId") or view.data.get("KeyfactorId")
    if found is None:
        raise CertificateNotIssued(
            "The instance has no certificate yet, so there is nothing to note metadata about. "
            "Put the step after EnrollStep; before it, a script may set Metadata of the request."
        )
    return int(found)
