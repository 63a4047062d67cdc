"""/Certloom/Definitions/{id}/Findings: what is still open in a definition. Ours."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.guid import read_guid
from certloom.api.openapi import documented
from certloom.api.problems import located
from certloom.api.schemas.definition_findings import FindingsResponse
from certloom.api.schemas.definitions import FindingsQuery
from certloom.operations.publishing import definition_findings

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
            version=found.version, open_points=located(found.open_points), warnings=located(found.warnings)
        )
        return answer(shown)
