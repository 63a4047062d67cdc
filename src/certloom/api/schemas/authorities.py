"""Shapes of /CertificateAuthority. Source: api-surface reference, 6.3."""

import msgspec

from certloom.api.schemas.wire import Wire

__all__ = ["PublishCrlRequest"]


class PublishCrlRequest(Wire, kw_only=True):
    """Whose CRL to publish now."""

    logical_name: str = msgspec.field(name="CertificateAuthorityLogicalName")
    host_name: str | None = msgspec.field(name="CertificateAuthorityHostName", default=None)
