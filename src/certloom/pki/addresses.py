"""Where programs that check a certificate fetch its issuer, the issuer's CRL, and ask about its status."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

__all__ = ["OCSP_PATH", "PKI_PATH", "Addresses", "addresses_below", "file_names", "revocation_url", "with_addresses"]

PKI_PATH: Final = "/pki"
OCSP_PATH: Final = f"{PKI_PATH}/ocsp"
_ELSE: Final = re.compile(r"[^a-z0-9]+")


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses that a certificate names: its issuer's CRL and certificate, and the OCSP responder if any."""

    crl: str
    issuer: str
    ocsp: str | None = None


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return each authority's name as it stands in addresses, with letters, digits and hyphens only.

    ``names`` come in the order the authorities were made in, so that a later one never changes an earlier one's.
    """
    found: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        plain = _ELSE.sub("-", name.casefold()).strip("-") or "authority"
        found[name] = plain if plain not in found.values() else f"{plain}-{number}"
    return found


def revocation_url(pki_url: str, public_url: str) -> str:
    """Return where /pki is found by whoever checks a certificate, or nothing: plain HTTP only (RFC 5280, section 8)."""
    return pki_url or (public_url if public_url.startswith("http://") else "")


def addresses_below(url: str, file_name: str, *, ocsp: bool) -> Addresses | None:
    """Return the addresses of an issuer below the address of this server; None where no such address is known."""
    if not url:
        return None
    base = url.rstrip("/")
    return Addresses(
        crl=f"{base}{PKI_PATH}/{file_name}.crl",
        issuer=f"{base}{PKI_PATH}/{file_name}.crt",
        ocsp=f"{base}{OCSP_PATH}" if ocsp else None,
    )


def with_addresses(builder: x509.CertificateBuilder, addresses: Addresses | None) -> x509.CertificateBuilder:
    """Add the CRL distribution point and the authority information access (RFC 5280, 4.2.1.13 and 4.2.2.1)."""
    if addresses is None:
        return builder
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(addresses.crl)], None, None, None)
    access = [(AuthorityInformationAccessOID.CA_ISSUERS, addresses.issuer)]
    if addresses.ocsp is not None:
        access.insert(0, (AuthorityInformationAccessOID.OCSP, addresses.ocsp))
    descriptions = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in access]
    return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False).add_extension(
        x509.AuthorityInformationAccess(descriptions), critical=False
    )
