"""What a certificate authority is asked to sign."""

import msgspec

__all__ = ["CertificateRequest"]


class CertificateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what is signed, and nothing else.

    Subject and names may differ from those in the signing request, since a workflow may rewrite them; from
    the signing request itself only the public key is taken.

    ``csr`` is the PKCS#10 request in DER (RFC 2986), ``subject`` an RFC 4514 text, ``sans`` the canonical
    map of `certloom.pki.san`, ``template`` a template's short name, ``authority`` the logical name of the
    authority.
    """

    csr: bytes
    subject: str
    sans: dict[str, tuple[str, ...]]
    template: str
    authority: str
