"""Wire shapes of claims and identity providers. Source: api-surface reference, 6.4."""

from typing import Annotated

from msgspec import Meta

from certloom.api.schemas.wire import Wire

__all__ = ["ClaimQuery", "ClaimRequest", "ClaimResponse", "ClaimRole", "ClaimUpdate", "ProviderResponse"]


class ProviderResponse(Wire, kw_only=True):
    """Who makes a claim."""

    id: str
    authentication_scheme: str
    display_name: str


class ClaimResponse(Wire, kw_only=True):
    """A claim. Its type is a name here and a number in requests, as in the product."""

    id: int
    description: str
    claim_type: str
    claim_value: str
    provider: ProviderResponse


class ClaimRequest(Wire, kw_only=True):
    """A new claim."""

    claim_type: Annotated[int, Meta(ge=0, le=6)]
    claim_value: str
    provider_authentication_scheme: str
    description: str


class ClaimUpdate(Wire, kw_only=True):
    """A claim's new description."""

    id: int
    description: str


class ClaimQuery(Wire, kw_only=True):
    """Which claim's roles are asked for."""

    claim_type: Annotated[int, Meta(ge=0, le=6)]
    claim_value: str
    provider_authentication_scheme: str


class ClaimRole(Wire, kw_only=True):
    """A role that a claim gives."""

    id: int
    name: str
    description: str
    permission_set_id: str
