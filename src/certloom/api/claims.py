"""/Security/Claims and /IdentityProviders. Source: api-surface reference, 6.4."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath

from certloom.api.answers import answer, nothing
from certloom.api.call import Call, call_of
from certloom.api.guid import read_guid
from certloom.api.listing import ListRequest
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.role_shapes import CLAIM_TYPES, claim_response, claim_role
from certloom.api.schemas.claims import (
    ClaimQuery,
    ClaimRequest,
    ClaimResponse,
    ClaimRole,
    ClaimUpdate,
    ProviderResponse,
)
from certloom.api.short_lists import ListField, ShortList
from certloom.identity.claim import Claim, ClaimType
from certloom.operations.claims import (
    ClaimDraft,
    claim,
    claims,
    create_claim,
    delete_claim,
    describe_claim,
    roles_by_claim,
)
from certloom.operations.providers import Provider, provider, providers, read_providers
from certloom.store.query_expression import FieldKind

__all__ = ["ClaimsController", "ProvidersController"]

_CLAIMS = ShortList[Claim](
    {
        "Id": ListField(lambda claim: [claim.id], FieldKind.INTEGER),
        "ClaimType": ListField(lambda claim: [CLAIM_TYPES[claim.claim_type]], FieldKind.TEXT),
        "ClaimValue": ListField(lambda claim: [claim.value], FieldKind.TEXT),
        "Description": ListField(lambda claim: [claim.description], FieldKind.TEXT),
    }
)
_PROVIDERS = ShortList[Provider](
    {
        "AuthenticationScheme": ListField(lambda provider: [provider.scheme], FieldKind.TEXT),
        "DisplayName": ListField(lambda provider: [provider.display_name], FieldKind.TEXT),
    }
)


class ClaimsController(Controller):
    """What providers say about people, and which roles that gives."""

    path = "/KeyfactorAPI/Security/Claims"
    tags = ("Security Claims",)

    @get("/", operation_id="ListClaims", **documented(list[ClaimResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every claim, by id."""
        call = call_of(request)
        known = providers(call.services)
        found = await claims(call.services, call.actor)
        return _CLAIMS.answer(call, found, lambda claim: claim_response(claim, known))

    @get("/Roles", operation_id="ListClaimRoles", **documented(list[ClaimRole], query=ClaimQuery))
    async def roles(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The roles that a claim gives."""
        call = call_of(request)
        wanted = call.query(ClaimQuery)
        draft = ClaimDraft(
            scheme=wanted.provider_authentication_scheme,
            claim_type=ClaimType(wanted.claim_type),
            value=wanted.claim_value,
        )
        return answer([claim_role(role) for role in await roles_by_claim(call.services, call.actor, draft)])

    @get("/{claim_id:str}", operation_id="ReadClaim", **documented(ClaimResponse))
    async def read_one(self, request: Request[Any, Any, Any], claim_id: FromPath[str]) -> Response[bytes]:
        """One claim."""
        call = call_of(request)
        return _answer(call, await claim(call.services, call.actor, read_number(claim_id, "a claim")))

    @post("/", operation_id="CreateClaim", status_code=200, **documented(ClaimResponse, body=ClaimRequest))
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new claim; roles are given to it through /Security/Roles."""
        call = call_of(request)
        wanted = await call.body(ClaimRequest)
        draft = ClaimDraft(
            scheme=wanted.provider_authentication_scheme,
            claim_type=ClaimType(wanted.claim_type),
            value=wanted.claim_value,
            description=wanted.description,
        )
        return _answer(call, await create_claim(call.services, call.actor, draft))

    @put("/", operation_id="UpdateClaim", **documented(ClaimResponse, body=ClaimUpdate))
    async def update(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Describe a claim anew."""
        call = call_of(request)
        wanted = await call.body(ClaimUpdate)
        return _answer(call, await describe_claim(call.services, call.actor, wanted.id, wanted.description))

    @delete("/{claim_id:str}", operation_id="DeleteClaim", status_code=204, **documented(None))
    async def remove(self, request: Request[Any, Any, Any], claim_id: FromPath[str]) -> Response[None]:
        """Remove a claim, and with it the roles it gave."""
        call = call_of(request)
        await delete_claim(call.services, call.actor, read_number(claim_id, "a claim"))
        return nothing()


class ProvidersController(Controller):
    """Who says who somebody is. Providers are named in the settings."""

    path = "/KeyfactorAPI/IdentityProviders"
    tags = ("Identity Provider",)

    @get("/", operation_id="ListProviders", **documented(list[ProviderResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every provider."""
        call = call_of(request)
        found = await read_providers(call.services, call.actor)
        return _PROVIDERS.answer(call, found, _provider)

    @get("/{provider_id:str}", operation_id="ReadProvider", **documented(ProviderResponse))
    async def read_one(self, request: Request[Any, Any, Any], provider_id: FromPath[str]) -> Response[bytes]:
        """One provider."""
        call = call_of(request)
        return answer(_provider(await provider(call.services, call.actor, str(read_guid(provider_id)))))


def _answer(call: Call, found: Claim) -> Response[bytes]:
    return answer(claim_response(found, providers(call.services)))


def _provider(found: Provider) -> ProviderResponse:
    return ProviderResponse(id=found.id, authentication_scheme=found.scheme, display_name=found.display_name)
