"""/Audit. Source: api-surface reference, 6.5."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.audit_shapes import audit_csv, audit_response
from certloom.api.call import call_of
from certloom.api.listing import ListRequest, page_of, query_of
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.schemas.audit import AuditResponse
from certloom.operations.audit_log import audit_entry, audit_page, download_audit, is_entry_sound
from certloom.store.audit_listing import AUDIT_FIELDS

__all__ = ["AuditController"]


class AuditController(Controller):
    """Who did, or was refused, what."""

    path = "/KeyfactorAPI/Audit"
    tags = ("Audit",)

    @get("/", operation_id="ListAuditEntries", **documented(list[AuditResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every entry, the oldest first."""
        call = call_of(request)
        page = await audit_page(call.services, call.actor, page_of(call), query_of(call, AUDIT_FIELDS))
        return answer([audit_response(row) for row in page.rows], {"x-total-count": str(page.total)})

    @get("/Download", operation_id="DownloadAuditEntries", **documented(str, query=ListRequest))
    async def download(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every entry that matches, as CSV in one text."""
        call = call_of(request)
        rows = await download_audit(call.services, call.actor, page_of(call), query_of(call, AUDIT_FIELDS))
        return answer(audit_csv(rows))

    @get("/{audit_id:str}", operation_id="ReadAuditEntry", **documented(AuditResponse))
    async def read_one(self, request: Request[Any, Any, Any], audit_id: FromPath[str]) -> Response[bytes]:
        """One entry."""
        call = call_of(request)
        return answer(
            audit_response(await audit_entry(call.services, call.actor, read_number(audit_id, "an audit entry")))
        )

    @get("/{audit_id:str}/Validate", operation_id="ValidateAuditEntry", **documented(bool))
    async def validate(self, request: Request[Any, Any, Any], audit_id: FromPath[str]) -> Response[bytes]:
        """Whether the entry is what was written, by the chain and the next signed checkpoint."""
        call = call_of(request)
        return answer(await is_entry_sound(call.services, call.actor, read_number(audit_id, "an audit entry")))
