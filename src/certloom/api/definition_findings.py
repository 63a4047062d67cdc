"""/Certloom/Definitions/{id}/Findings: what is still open in a definition. Ours."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.guid import read_guid
from certloom.api.openapi import documented
from certloom.api.problems import located
from certloom.api.schemas.definition_findings import FindingsResponse, SecretState
from certloom.api.schemas.definitions import FindingsQuery
from certloom.operations.publishing import definition_findings
from certloom.operations.step_secrets import HeldSecret

__all__ = ["DefinitionFindingsController"]


class DefinitionFindingsController(Controller):
    """What publishing would refuse, and what it would warn about."""

    path = "/KeyfactorAPI/Certloom/Definitions"
    tags = ("Workflow Definition",)

    @get(
        "/{definition_id:str}/Findings",
        operation_id="ReadFindings",
        **documented(FindingsResponse, query=FindingsQuery),
    )
    async def read(self, request: Request[Any, Any, Any], definition_id: FromPath[str]) -> Response[bytes]:
        """Open points and warnings of a version."""
        call = call_of(request)
        version = call.query(FindingsQuery).definition_version
        found = await definition_findings(call.services, call.actor, read_guid(definition_id), version)
        shown = FindingsResponse(
            version=found.version,
            open_points=located(found.open_points),
            warnings=located(found.warnings),
            secrets=[_state(held) for held in found.secrets],
        )
        return answer(shown)


def _state(held: HeldSecret) -> SecretState:
    secret = held.secret
    # The id of a sealed value is nobody's business.
    which = None if secret is None or secret.kind == "Sealed" else secret.which
    return SecretState(step=held.step, parameter=held.parameter, source=secret.kind if secret else None, which=which)
