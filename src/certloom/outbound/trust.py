"""Whom TLS connections trust: the system's authorities, and those of ``outbound_trust``. Verification is always on."""

import ssl

import httpx2

from certloom.errors import Invalid

__all__ = ["TrustUnreadable", "trust_context"]


class TrustUnreadable(Invalid):
    """The file that outbound_trust names cannot be read as certificates."""


def trust_context(bundle: str) -> ssl.SSLContext:
    """Trust the system's authorities and those in the PEM file ``bundle``, if any. Raises TrustUnreadable."""
    context = httpx2.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if bundle:
        try:
            context.load_verify_locations(cafile=bundle)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or "it holds no certificate in PEM"
            raise TrustUnreadable(
                f"outbound_trust names {bundle}, which cannot be used: {reason}. Correct its name, rights or content."
            ) from error
    return context
