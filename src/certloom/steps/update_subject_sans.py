"""UpdateSubjectSANs: rewrites parts of a request's subject and its subject alternative names.

What it makes of the request keeps the template's rules, by the same functions that judge a new request, or the step
fails and names every broken rule. Approvals given before it are void (check A09). The product has a step for this
whose name and parameters no public page tells (workflow-definitions reference, 4.1); these are ours.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from typing_extensions import override

from certloom.pki.authority import PolicyViolated
from certloom.pki.csr import read_csr_der
from certloom.pki.san import SAN_KINDS, read_sans
from certloom.pki.subject import ATTRIBUTES, with_parts
from certloom.pki.template import completed, violations
from certloom.steps.enroll import certificate_request
from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

__all__ = ["UpdateSubjectSans"]


class UpdateSubjectSans(EffectStep):
    """Replaces the parts it names and leaves the others as they are."""

    extension_name = "UpdateSubjectSANs"
    display_name = "Update Subject and SANs"
    workflow_types = ("Enrollment",)
    parameters = (
        Parameter(
            name="SubjectParts",
            display_name="Parts of the subject",
            data_type=DataType.OBJECT,
            control=ControlType.KEY_VALUE,
            tokens=True,
            help=f"Value by part ({', '.join(ATTRIBUTES)}); an empty one removes the part.",
            aliases=("Subject",),
        ),
        Parameter(
            name="SANs",
            display_name="Subject alternative names",
            data_type=DataType.OBJECT,
            control=ControlType.KEY_VALUE,
            tokens=True,
            help=f"Names by kind ({', '.join(SAN_KINDS)}), a list or parted by semicolons; none removes the kind.",
            aliases=("SubjectAlternativeNames",),
        ),
    )
    changes_request = True
    retries = Retries.SAFE
    ours = True

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        parts, sans = parameters.get("SubjectParts") or {}, parameters.get("SANs") or {}
        faults = [f"SubjectParts: {part} is not one of {', '.join(ATTRIBUTES)}" for part in parts if _unknown(part)]
        faults += [
            f"SANs: {kind} is not one of {', '.join(SAN_KINDS)}" for kind in sans if kind.lower() not in SAN_KINDS
        ]
        return tuple(faults) if parts or sans else ("SubjectParts or SANs must say what to change",)

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        parameters = context.view.parameters
        request = certificate_request(context.view)
        template = await context.lookup.template(request.template)
        names = {kind.lower(): _names(value) for kind, value in (parameters.get("SANs") or {}).items()}
        parts = {part: _line(value) for part, value in (parameters.get("SubjectParts") or {}).items()}
        changed = msgspec.structs.replace(
            request,
            subject=with_parts(request.subject, parts),
            sans=read_sans({**request.sans, **names}),
        )
        faults = violations(template, changed, read_csr_der(request.csr).key)
        if faults:
            raise PolicyViolated(faults)
        whole = completed(template, changed)
        return Prepared({"Subject": whole.subject, "SANs": {kind: list(names) for kind, names in whole.sans.items()}})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        return Continue({"Subject": intent["Subject"], "SANs": intent["SANs"]})


def _unknown(part: str) -> bool:
    return part.upper() not in ATTRIBUTES


def _names(value: object) -> list[str]:
    listed = [str(one) for one in value] if isinstance(value, list) else [_line(value)]
    return [name.strip() for one in listed for name in re.split("[;,]", one) if name.strip()]


def _line(value: object) -> str:
    return "" if value is None else str(value).strip()
