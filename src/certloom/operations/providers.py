"""Identity providers: who says who somebody is. The accounts kept here, and the one that settings name."""

from uuid import NAMESPACE_URL, uuid5

import msgspec

from certloom.errors import Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.identity.claim import LOCAL_PROVIDER, ClaimType
from certloom.operations.access import Operation, require
from certloom.operations.services import Services

__all__ = [
    "Provider",
    "ProviderNotFound",
    "ProviderUnknown",
    "known_provider",
    "provider",
    "providers",
    "read_providers",
]

_LOCAL_ID = "00000000-0000-4000-8000-000000000002"


class ProviderUnknown(Invalid):
    """A request names an authentication scheme that no provider has."""


class ProviderNotFound(NotFound):
    """No identity provider of that id."""


class Provider(msgspec.Struct, frozen=True):
    """An identity provider, named in claims by its scheme, and the types of claims it makes."""

    id: str
    scheme: str
    display_name: str
    claim_types: tuple[ClaimType, ...]


def providers(services: Services) -> tuple[Provider, ...]:
    """Every provider of this installation."""
    settings = services.settings
    local = Provider(_LOCAL_ID, LOCAL_PROVIDER, "Accounts of certloom", (ClaimType.USER,))
    if not settings.oidc_issuer:
        return (local,)
    types = (ClaimType.OAUTH_OID, ClaimType.OAUTH_ROLE, ClaimType.OAUTH_SUBJECT, ClaimType.OAUTH_CLIENT_ID)
    external_id = str(uuid5(NAMESPACE_URL, settings.oidc_issuer))
    return (local, Provider(external_id, settings.oidc_scheme, settings.oidc_issuer, types))


async def read_providers(services: Services, actor: Actor) -> tuple[Provider, ...]:
    """Every provider, for somebody who may know."""
    require(actor, Operation.LIST_PROVIDERS)
    return providers(services)


async def provider(services: Services, actor: Actor, provider_id: str) -> Provider:
    """One provider. Raises ProviderNotFound."""
    require(actor, Operation.LIST_PROVIDERS)
    found = next((one for one in providers(services) if one.id == provider_id), None)
    if found is None:
        raise ProviderNotFound(f"There is no identity provider {provider_id}. GET /IdentityProviders lists all.")
    return found


def known_provider(services: Services, scheme: str) -> Provider:
    """The provider of that authentication scheme, case ignored. Raises ProviderUnknown."""
    known = providers(services)
    found = next((one for one in known if one.scheme.casefold() == scheme.strip().casefold()), None)
    if found is None:
        schemes = ", ".join(one.scheme for one in known)
        raise ProviderUnknown(f"There is no identity provider {scheme[:100]!r}. Known: {schemes}.")
    return found
