"""/CertificateAuthority. Source: api-surface reference, 6.3."""

from typing import Any

from litestar import Controller, Request, Response, post

from certloom.api.answers import nothing
from certloom.api.call import call_of
from certloom.api.openapi import documented
from certloom.api.schemas.authorities import PublishCrlRequest
from certloom.operations.revocation_lists import publish_crl

__all__ = ["AuthoritiesController"]


class AuthoritiesController(Controller):
    """Who signs certificates and the lists of the revoked ones."""

    path = "/KeyfactorAPI/CertificateAuthority"
    tags = ("CertificateAuthority",)

    @post("/PublishCRL", operation_id="PublishCrl", status_code=204, **documented(None, body=PublishCrlRequest))
    async def publish(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Publish a CRL now, although none may be due."""
        call = call_of(request)
        wanted = await call.body(PublishCrlRequest)
        await publish_crl(call.services, call.actor, wanted.logical_name)
        return nothing()
