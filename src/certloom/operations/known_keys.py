"""Which public keys may get a certificate. Asked when a request comes in and again when it is about to be issued."""

from certloom.errors import Invalid
from certloom.operations.services import Services
from certloom.pki.certificate import describe
from certloom.store.certificates import key_owners

__all__ = ["KeyNotAllowed", "check_key"]

_KEY_COMPROMISE = 1


class KeyNotAllowed(Invalid):
    """The request's key may not get a certificate."""

    code = "0xA0110004"


async def check_key(services: Services, spki_sha256: str, requester_id: int) -> None:
    """Raises KeyNotAllowed for a key revoked for compromise, somebody else's, or an authority's (check E04)."""
    for owner_id, reason in await key_owners(services.database, spki_sha256):
        if reason == _KEY_COMPROMISE:
            raise KeyNotAllowed(
                "The request's key belongs to a certificate that was revoked for key compromise. Make a new key."
            )
        if owner_id != requester_id:
            raise KeyNotAllowed("The request's key belongs to a certificate of somebody else. Make a key of your own.")
    if spki_sha256 in _authority_keys(services):
        raise KeyNotAllowed("The request's key is a key of a certificate authority. Make a key of your own.")


def _authority_keys(services: Services) -> frozenset[str]:
    """SHA-256 of the public key of every certificate in the chains of this installation's authorities."""
    ders = {der for authority in services.authorities.values() for der in authority.chain()}
    return frozenset(describe(der).spki_sha256 for der in ders)
