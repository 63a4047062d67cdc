"""Signing requests: PKCS#10 (RFC 2986) read into values, or refused."""

import base64
import binascii
import re
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.errors import Invalid
from certloom.pki.key import PublicKeyFacts, check_public_key
from certloom.pki.san import Sans, sans_of
from certloom.pki.subject import read_subject, render_subject

__all__ = [
    "RequestSignatureWrong",
    "RequestUnreadable",
    "SigningRequest",
    "public_key_of",
    "read_csr",
    "read_csr_der",
    "request_pem",
]

_MAX_OCTETS: Final = 64 * 1024
_EXTENSION_REQUESTS: Final = frozenset({"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"})
_PEM: Final = re.compile(r"-----BEGIN (NEW )?CERTIFICATE REQUEST-----([^-]*+)-----END (NEW )?CERTIFICATE REQUEST-----")
_ADVICE: Final = "Send one PKCS#10 request, as PEM or as base64 of its DER."


class RequestUnreadable(Invalid):
    """The text is not exactly one PKCS#10 request, or one with content that is never certified."""


class RequestSignatureWrong(Invalid):
    """The request is not signed with the private key of its public key (RFC 2986, section 3)."""


class SigningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose signature and key were checked.

    ``der`` is the request as received, ``subject`` its name in RFC 4514, ``sans`` its names in canonical
    form.
    """

    der: bytes
    subject: str
    sans: Sans
    key: PublicKeyFacts


def read_csr(text: str) -> SigningRequest:
    """Read a request from PEM (either header, text around it allowed) or from base64 of its DER.

    Raises `RequestUnreadable`, `RequestSignatureWrong` or `WeakKey`. Extensions asked for are ignored,
    except the subject alternative names.
    """
    if len(text) > _MAX_OCTETS:
        raise RequestUnreadable(
            f"The request has more than {_MAX_OCTETS} characters, which no request needs. {_ADVICE}"
        )
    characters = "".join(_body(text).split())
    try:
        # Python overlooks padding where none belongs; then one request would have several spellings.
        der = base64.b64decode(characters, validate=True) if len(characters) % 4 == 0 else b""
    except (binascii.Error, ValueError):
        der = b""
    if not der:
        raise RequestUnreadable(f"The request is not base64. {_ADVICE}")
    return read_csr_der(der)


def read_csr_der(der: bytes) -> SigningRequest:
    """Read a request from DER; raises as `read_csr` does."""
    request = _parse(der)
    facts = check_public_key(_verified_key(request))
    try:
        subject, names = request.subject, _requested_names(request)
        sans = sans_of(names) if names is not None else {}
        canonical = render_subject(read_subject(render_subject(subject)))
    except Invalid as error:
        raise RequestUnreadable(f"The request asks for what is never certified. {error.message}") from error
    except Exception as error:
        raise RequestUnreadable(f"The subject or the extensions of the request are malformed. {_ADVICE}") from error
    return SigningRequest(der=der, subject=canonical, sans=sans, key=facts)


def public_key_of(der: bytes) -> CertificatePublicKeyTypes:
    """Return the public key of a request in DER after the same checks; raises as `read_csr` does."""
    return _verified_key(_parse(der))


def _body(text: str) -> str:
    """Return the base64 part of the only request in a text."""
    if "-----BEGIN" not in text:
        return text
    found = _PEM.findall(text)
    if len(found) != 1 or text.count("-----BEGIN") != 1 or found[0][0] != found[0][2]:
        raise RequestUnreadable(f"The PEM text does not hold exactly one certificate request. {_ADVICE}")
    return str(found[0][1])


def _parse(der: bytes) -> x509.CertificateSigningRequest:
    if len(der) > _MAX_OCTETS:
        raise RequestUnreadable(f"The request has more than {_MAX_OCTETS} octets, which no request needs. {_ADVICE}")
    try:
        return x509.load_der_x509_csr(der)
    except Exception as error:
        raise RequestUnreadable(f"The request is not PKCS#10 in DER, or data follows it. {_ADVICE}") from error


def _verified_key(request: x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    """Check the key before computing with it: a hostile key must not cost a verification."""
    try:
        key = request.public_key()
    except Exception as error:
        raise RequestUnreadable(
            "The public key of the request is malformed or of an unknown kind; use RSA, ECC or Ed25519.",
        ) from error
    check_public_key(key)
    try:
        # The parser overlooks bits that a BIT STRING calls unused; a signature consists of whole octets.
        whole = request.public_bytes(Encoding.DER).endswith(b"\x00" + request.signature)
        valid = whole and request.is_signature_valid
    except Exception as error:
        raise RequestUnreadable("The signature algorithm of the request is not supported.") from error
    if not valid:
        raise RequestSignatureWrong(
            "The signature of the request does not verify with its own public key: it was changed, "
            "or made without the private key. Make a new request.",
        )
    return key


def _requested_names(request: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    """Return the names asked for; two places to ask in would be two answers."""
    if sum(attribute.oid.dotted_string in _EXTENSION_REQUESTS for attribute in request.attributes) > 1:
        raise RequestUnreadable("The request has several lists of extensions; send one.")
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    if not list(names):
        raise RequestUnreadable("The request has an empty list of subject alternative names; leave it out.")
    return names


def request_pem(der: bytes) -> str:
    """Return a request in DER, which was read before, as PEM (RFC 7468)."""
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM).decode()
