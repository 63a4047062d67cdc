"""Key usages and extended key usages by name (RFC 5280, sections 4.2.1.3 and 4.2.1.12)."""

import re
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

__all__ = [
    "EXTENDED_KEY_USAGES",
    "FORBIDDEN_PURPOSES",
    "KEY_USAGES",
    "extended_key_usage_name",
    "key_usage_mask",
    "purpose_oid",
    "to_key_usage",
    "usages_for",
]

KEY_USAGES: Final[dict[str, tuple[str, int]]] = {
    "digitalSignature": ("digital_signature", 128),
    "nonRepudiation": ("content_commitment", 64),
    "keyEncipherment": ("key_encipherment", 32),
    "dataEncipherment": ("data_encipherment", 16),
    "keyAgreement": ("key_agreement", 8),
    "keyCertSign": ("key_cert_sign", 4),
    "cRLSign": ("crl_sign", 2),
    "encipherOnly": ("encipher_only", 1),
    "decipherOnly": ("decipher_only", 32768),
}
"""Name → (argument of `x509.KeyUsage`, bit in the wire's mask, api-surface 6.2)."""

EXTENDED_KEY_USAGES: Final[dict[str, ObjectIdentifier]] = {
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "codeSigning": ExtendedKeyUsageOID.CODE_SIGNING,
    "emailProtection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timeStamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "OCSPSigning": ExtendedKeyUsageOID.OCSP_SIGNING,
    "anyExtendedKeyUsage": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "smartcardLogon": ExtendedKeyUsageOID.SMARTCARD_LOGON,
    "pkInitKDC": ExtendedKeyUsageOID.KERBEROS_PKINIT_KDC,
    "ipsecIKE": ExtendedKeyUsageOID.IPSEC_IKE,
}
"""The purposes that have a name; others are written as dotted numbers."""

FORBIDDEN_PURPOSES: Final = frozenset(
    {ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.OCSP_SIGNING},
)
"""Never for a subscriber: the one means everything, the other speaks for the authority (RFC 6960)."""

_PURPOSE_NAMES: Final = {oid: name for name, oid in EXTENDED_KEY_USAGES.items()}
_DOTTED: Final = re.compile(r"[0-2](\.(0|[1-9]\d{0,9})){2,20}")
_UNFIT: Final = {
    "RSA": frozenset({"keyAgreement", "encipherOnly", "decipherOnly"}),
    "ECC": frozenset({"keyEncipherment", "dataEncipherment"}),
    "Ed25519": frozenset({"keyEncipherment", "dataEncipherment", "keyAgreement", "encipherOnly", "decipherOnly"}),
}


def usages_for(algorithm: str, usages: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what a key of this algorithm cannot do (RFC 3279 2.3, RFC 8813, RFC 9295)."""
    return tuple(usage for usage in usages if usage not in _UNFIT[algorithm])


def to_key_usage(usages: tuple[str, ...]) -> x509.KeyUsage:
    """Build the extension from names; raises KeyError for a name that `KEY_USAGES` does not have."""
    wanted = {KEY_USAGES[usage][0] for usage in usages}
    return x509.KeyUsage(**{argument: argument in wanted for argument, _ in KEY_USAGES.values()})


def key_usage_mask(usage: x509.KeyUsage) -> int:
    """Return the wire's mask: 160 is digitalSignature and keyEncipherment (api-surface 6.2)."""
    qualified = usage.key_agreement
    return sum(
        bit
        for argument, bit in KEY_USAGES.values()
        # These two have no value of their own without key agreement, and x509 refuses to be asked.
        if (qualified or argument not in {"encipher_only", "decipher_only"}) and getattr(usage, argument)
    )


def purpose_oid(name: str) -> ObjectIdentifier | None:
    """Return the purpose with this name or dotted number; None when it is neither."""
    if not _DOTTED.fullmatch(name):
        return EXTENDED_KEY_USAGES.get(name)
    try:
        return ObjectIdentifier(name)
    except ValueError:
        return None


def extended_key_usage_name(oid: ObjectIdentifier) -> str:
    """Return the name of a purpose, or its dotted number when it has none."""
    return _PURPOSE_NAMES.get(oid, oid.dotted_string)
