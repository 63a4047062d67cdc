"""Certificates as facts: what is in one, as clients are told (api-surface 6.2)."""

import hashlib
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier, SignatureAlgorithmOID

from certloom.errors import Invalid
from certloom.pki.key import public_key_facts
from certloom.pki.serial import serial_text
from certloom.pki.subject import common_name, render_subject
from certloom.pki.usage import extended_key_usage_name, key_usage_mask

__all__ = ["CertificateFacts", "CertificateUnreadable", "describe", "load_certificate"]

_KEY_TYPES: Final = {"RSA": 1, "DSA": 2, "ECC": 3, "DH": 4}
_SAN_TYPES: Final[dict[type[x509.GeneralName], int]] = {
    x509.OtherName: 0,
    x509.RFC822Name: 1,
    x509.DNSName: 2,
    x509.DirectoryName: 4,
    x509.UniformResourceIdentifier: 6,
    x509.IPAddress: 7,
    x509.RegisteredID: 8,
}
_SIGNING_ALGORITHMS: Final = {
    SignatureAlgorithmOID.RSA_WITH_SHA1: "sha1RSA",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "sha256RSA",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "sha384RSA",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "sha512RSA",
    SignatureAlgorithmOID.RSASSA_PSS: "RSASSA-PSS",
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "sha256ECDSA",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "sha384ECDSA",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "sha512ECDSA",
    SignatureAlgorithmOID.ED25519: "Ed25519",
}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class CertificateUnreadable(Invalid):
    """Octets are not one X.509 certificate in DER."""


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a certificate.

    ``serial_number`` and ``thumbprint`` (SHA-1) are upper-case hexadecimal, ``spki_sha256`` lower-case.
    Times are UTC. ``key_algorithm`` is dotted; ``key_type`` is the wire's number (1 RSA, 3 ECC, 0 any
    other), ``key_usage`` its bit mask. ``extended_key_usages`` are (dotted, name), ``sans`` (value, number
    of the wire's SAN type).
    """

    serial_number: str
    thumbprint: str
    issued_dn: str
    issued_cn: str | None
    issued_ou: str | None
    issued_email: str | None
    issuer_dn: str
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_type: int
    key_type_name: str
    key_size_bits: int
    curve: str | None
    key_usage: int
    extended_key_usages: tuple[tuple[str, str], ...]
    sans: tuple[tuple[str, int], ...]
    signing_algorithm: str
    spki_sha256: str
    is_ca: bool
    path_length: int | None


def load_certificate(der: bytes) -> x509.Certificate:
    """Parse a certificate; raises `CertificateUnreadable`."""
    try:
        return x509.load_der_x509_certificate(der)
    except Exception as error:
        raise CertificateUnreadable("The octets are not one X.509 certificate in DER.") from error


def describe(der: bytes) -> CertificateFacts:
    """Return the facts of any certificate, ours or a foreign one; raises `CertificateUnreadable`."""
    certificate = load_certificate(der)
    try:
        return _facts(certificate)
    except Exception as error:
        raise CertificateUnreadable("The certificate has a malformed name, key or extension.") from error


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    key = public_key_facts(certificate.public_key())
    usage = _extension(certificate, x509.KeyUsage)
    purposes = _extension(certificate, x509.ExtendedKeyUsage) or ()
    names = _extension(certificate, x509.SubjectAlternativeName) or ()
    constraints = _extension(certificate, x509.BasicConstraints)
    return CertificateFacts(
        serial_number=serial_text(certificate.serial_number),
        thumbprint=hashlib.sha1(certificate.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest().upper(),
        issued_dn=render_subject(certificate.subject),
        issued_cn=common_name(certificate.subject),
        issued_ou=_part(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        issued_email=_part(certificate.subject, NameOID.EMAIL_ADDRESS),
        issuer_dn=render_subject(certificate.issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_algorithm=certificate.public_key_algorithm_oid.dotted_string,
        key_type=_KEY_TYPES.get(key.algorithm, 0),
        key_type_name=key.algorithm,
        key_size_bits=key.size_bits,
        curve=key.curve,
        key_usage=key_usage_mask(usage) if usage else 0,
        extended_key_usages=tuple((oid.dotted_string, extended_key_usage_name(oid)) for oid in purposes),
        sans=tuple((_san_value(name), _SAN_TYPES[type(name)]) for name in names),
        signing_algorithm=_SIGNING_ALGORITHMS.get(
            certificate.signature_algorithm_oid,
            certificate.signature_algorithm_oid.dotted_string,
        ),
        spki_sha256=key.spki_sha256,
        is_ca=constraints is not None and constraints.ca,
        path_length=constraints.path_length if constraints else None,
    )


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _part(name: x509.Name, oid: ObjectIdentifier) -> str | None:
    """Return the most specific value of a type."""
    found = name.get_attributes_for_oid(oid)
    return str(found[-1].value) if found else None


def _san_value(name: x509.GeneralName) -> str:
    match name:
        case x509.OtherName():
            return f"{name.type_id.dotted_string}={name.value.hex()}"
        case x509.DirectoryName():
            return render_subject(name.value)
        case x509.RegisteredID():
            return name.value.dotted_string
        case _:
            return str(name.value)
