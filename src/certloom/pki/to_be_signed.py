"""The contents of a subscriber's certificate, decided here and nowhere else.

Extensions come from the template and the issuer. From the signing request comes the public key and nothing
more, so that nothing asked for there can reach a certificate.
"""

import hashlib
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from certloom.pki.key import WeakKey, public_key_facts
from certloom.pki.request import CertificateRequest
from certloom.pki.san import to_extension
from certloom.pki.subject import read_subject
from certloom.pki.template import Template
from certloom.pki.usage import purpose_oid, to_key_usage, usages_for
from certloom.pki.validity import Period

__all__ = ["certificate_builder", "responder_builder", "subject_key_identifier", "subject_public_key"]

_KEY_IDENTIFIER_OCTETS: Final = 20


def certificate_builder(
    request: CertificateRequest,
    template: Template,
    key: CertificatePublicKeyTypes,
    issuer: x509.Certificate,
    serial: int,
    period: Period,
) -> x509.CertificateBuilder:
    """Return everything of a certificate but its signature (RFC 5280, section 4).

    ``request`` is canonical and checked, see `certloom.pki.template`. Key usages that the key cannot have
    are left out. The alternative names are critical when the subject is empty (4.2.1.6). ``issuer`` must
    have a subject key identifier; raises `x509.ExtensionNotFound` otherwise.
    """
    subject = read_subject(request.subject)
    usages = usages_for(public_key_facts(key).algorithm, template.key_usages)
    issuer_identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer.subject)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(to_key_usage(usages), critical=True)
        .add_extension(subject_key_identifier(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_identifier),
            critical=False,
        )
    )
    if request.sans:
        builder = builder.add_extension(to_extension(request.sans), critical=not list(subject))
    return _with_purposes(builder, template)


def responder_builder(
    subject: x509.Name, key: CertificatePublicKeyTypes, issuer: x509.Certificate, serial: int, period: Period
) -> x509.CertificateBuilder:
    """Return the certificate of an OCSP responder that its authority appoints (RFC 6960, 4.2.2.2).

    Nobody asks for its own status (id-pkix-ocsp-nocheck, 4.2.2.2.1), so it must be short-lived.
    """
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer.subject)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(to_key_usage(("digitalSignature",)), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .add_extension(subject_key_identifier(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )


def subject_key_identifier(key: CertificatePublicKeyTypes) -> x509.SubjectKeyIdentifier:
    """Return the first 160 bits of the SHA-256 of the subjectPublicKey (RFC 7093, section 2, method 1)."""
    return x509.SubjectKeyIdentifier(hashlib.sha256(subject_public_key(key)).digest()[:_KEY_IDENTIFIER_OCTETS])


def subject_public_key(key: CertificatePublicKeyTypes) -> bytes:
    """Return the content of the BIT STRING in the SubjectPublicKeyInfo."""
    match key:
        case rsa.RSAPublicKey():
            return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        case ec.EllipticCurvePublicKey():
            return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        case ed25519.Ed25519PublicKey():
            return key.public_bytes_raw()
        case _:
            raise WeakKey(f"Keys of the kind {type(key).__name__} are not certified; use RSA, ECC or Ed25519.")


def _with_purposes(builder: x509.CertificateBuilder, template: Template) -> x509.CertificateBuilder:
    """Add the extended key usages; time stamping alone must be critical (RFC 3161, section 2.3)."""
    purposes = [oid for oid in map(purpose_oid, template.extended_key_usages) if oid is not None]
    if not purposes:
        return builder
    return builder.add_extension(
        x509.ExtendedKeyUsage(purposes),
        critical=purposes == [ExtendedKeyUsageOID.TIME_STAMPING],
    )
