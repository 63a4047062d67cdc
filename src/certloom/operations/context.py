"""The StepContext that steps with an effect are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certloom.errors import Conflict, Invalid, NotFound
from certloom.operations.known_keys import check_key
from certloom.operations.library_runs import ServicesScripts
from certloom.operations.metadata_fields import checked_metadata, checked_value
from certloom.operations.secret_sources import open_secret
from certloom.operations.services import Services
from certloom.operations.templates import template_named
from certloom.pki.authority import Authority
from certloom.pki.revocation import RevocationNotPossible, check_change
from certloom.pki.template import Template
from certloom.store.certificates import read_certificate
from certloom.store.held_keys import read_held_key
from certloom.store.moments import moment
from certloom.store.revocations import read_last_revocation, read_revocation
from certloom.workflow.outgoing import Http, Mailbox
from certloom.workflow.step import Lookup, RevocableCertificate, Scripts, StandingCertificate, StepView

__all__ = [
    "AuthorityNotFound",
    "CertificateNotFound",
    "CertificateRevokedAlready",
    "ServicesContext",
    "authority_named",
]


class AuthorityNotFound(Invalid):
    """A request names a certificate authority that does not exist."""

    code = "0xA0110002"


class CertificateNotFound(NotFound):
    """No certificate of that id, or none the caller may see."""


class CertificateRevokedAlready(Conflict):
    """The certificate was revoked before this revocation came to it."""


def authority_named(services: Services, name: str) -> Authority:
    """The authority of a logical name, with or without a host before it. Raises AuthorityNotFound."""
    logical = name.rpartition("\\")[2].strip()
    authority = services.authorities.get(logical.casefold())
    if authority is None:
        known = ", ".join(sorted(known.name for known in services.authorities.values()))
        raise AuthorityNotFound(
            f"There is no certificate authority {logical[:200]!r}. Known: {known}. "
            "Leave CertificateAuthority empty to let the template choose."
        )
    return authority


@dataclass(frozen=True, slots=True)
class ServicesLookup:
    """Looks things up for steps, read-only."""

    services: Services

    async def template(self, name: str) -> Template:
        """The template of that short name. Raises TemplateNotFound."""
        return await template_named(self.services, name)

    async def reserve_certificate_id(self) -> int:
        """An id no certificate has or will have but the one it is reserved for."""
        return await self.services.reserve_certificate_id()

    async def check_key(self, spki_sha256: str, requester_id: int) -> None:
        """Raises KeyNotAllowed for a key that may not get a certificate of this requester's."""
        await check_key(self.services, spki_sha256, requester_id)

    async def holds_key(self, spki_sha256: str) -> bool:
        """Whether the private key that was made for this public key is still held for its requester."""
        return await read_held_key(self.services.database, spki_sha256) is not None

    async def revocable_certificate(self, certificate_id: int, reason: int, instance_id: str) -> RevocableCertificate:
        """A certificate for which this revocation, hold or end of a hold is possible, or was done by this instance.

        Raises CertificateNotFound or CertificateRevokedAlready.
        """
        row = await read_certificate(self.services.database, certificate_id)
        if row is None:
            raise CertificateNotFound(f"There is no certificate with id {certificate_id}.")
        last = await read_last_revocation(self.services.database, certificate_id)
        if last is not None and last.instance_id == instance_id:
            return RevocableCertificate(row.serial_number, row.authority)
        standing = await read_revocation(self.services.database, certificate_id)
        try:
            check_change(standing.reason if standing else None, reason)
        except RevocationNotPossible as error:
            raise CertificateRevokedAlready(
                f"Certificate {certificate_id} was revoked meanwhile, or its hold changed. {error.message}"
            ) from error
        return RevocableCertificate(row.serial_number, row.authority, last.instance_id if last else "")

    async def metadata(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The metadata of a request in the form its fields ask for now. Raises MetadataInvalid."""
        return await checked_metadata(self.services, given)

    async def metadata_value(self, certificate_id: int, name: str, value: object) -> tuple[str, str]:
        """A field's name and a value for a certificate, in the form the field asks for.

        Raises CertificateNotFound or MetadataInvalid.
        """
        if await read_certificate(self.services.database, certificate_id) is None:
            raise CertificateNotFound(f"There is no certificate with id {certificate_id}.")
        return await checked_value(self.services, name, value)

    async def standing_certificate(self, certificate_id: int) -> StandingCertificate | None:
        """A certificate that is neither revoked nor expired, or None."""
        row = await read_certificate(self.services.database, certificate_id)
        revoked = await read_revocation(self.services.database, certificate_id)
        if row is None or revoked is not None or moment(row.not_after) <= self.services.clock():
            return None
        return StandingCertificate(row.der, row.template, row.authority)

    async def was_revoked_by(self, certificate_id: int, instance_id: str) -> bool:
        """Whether that instance revoked the certificate, or changed its hold, as the last one."""
        revocation = await read_last_revocation(self.services.database, certificate_id)
        return revocation is not None and revocation.instance_id == instance_id


@dataclass(frozen=True, slots=True)
class ServicesContext:
    """A StepContext over the services of this process. ``opened`` collects the secrets that the step was handed."""

    services: Services
    view: StepView
    key: str
    opened: set[str] = field(default_factory=set)

    @property
    def lookup(self) -> Lookup:
        """What may be looked up."""
        return ServicesLookup(self.services)

    @property
    def scripts(self) -> Scripts:
        """The library of scripts."""
        return ServicesScripts(self.services)

    def authority(self, name: str) -> Authority:
        """The certificate authority of that logical name. Raises AuthorityNotFound."""
        return authority_named(self.services, name)

    @property
    def http(self) -> Http:
        """HTTP, to addresses that steps may reach."""
        return self.services.http

    @property
    def mail(self) -> Mailbox:
        """Mail, through the configured server."""
        return self.services.mail

    async def secret(self, value: Any) -> str | None:
        """The plain value of a secret parameter, None for none. Raises SecretUnusable."""
        plain = await open_secret(self.services, self.view.instance.definition.id, self.view.step, value)
        self.opened.update({plain} if plain else ())
        return plain
