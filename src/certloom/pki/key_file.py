"""A certificate, its private key and its chain as one file: PKCS#12 (RFC 7292), PEM, or ZIP of PEM."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from certloom.pki.certificate import load_certificate
from certloom.pki.chain import pem, pem_with_subject
from certloom.pki.private_key import PrivateKey

__all__ = ["KEY_FILE_FORMATS", "KeyFile", "certificates_zip", "file_name", "key_file"]

_ROUNDS: Final = 20_000
_OLDEST: Final = (1980, 1, 1, 0, 0, 0)


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a key file is made of; its repr shows neither key nor password.

    ``chain`` is DER in the order wanted, issuers only. ``legacy`` is for readers that know nothing newer than triple
    DES and SHA-1.
    """

    key: PrivateKey
    password: str
    certificate: bytes
    chain: tuple[bytes, ...]
    friendly_name: str
    legacy: bool = False

    def __repr__(self) -> str:
        return f"KeyFile(friendly_name={self.friendly_name!r}, key=<hidden>, password=<hidden>)"


def key_file(wanted: KeyFile, file_format: str) -> bytes:
    """The file in a format of ``KEY_FILE_FORMATS``, the key encrypted under the password."""
    return _WRITERS[file_format](wanted)


def file_name(name: str, file_format: str) -> str:
    """A file name for what is called ``name``: letters, digits, dots and hyphens, whatever the name holds."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._")[:100]
    return f"{safe or 'certificate'}.{file_format.lower()}"


def _pkcs12(wanted: KeyFile) -> bytes:
    return serialize_key_and_certificates(
        wanted.friendly_name.encode() or None,
        wanted.key,
        load_certificate(wanted.certificate),
        [load_certificate(der) for der in wanted.chain],
        _encryption(wanted),
    )


def _encryption(wanted: KeyFile) -> KeySerializationEncryption:
    """AES-256-CBC keyed by PBKDF2 (RFC 8018) and a MAC with SHA-256: read by OpenSSL and Windows."""
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_ROUNDS)
    if wanted.legacy:
        builder = builder.key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())  # noqa: S303 - asked for by name, for readers that know nothing newer
    else:
        builder = builder.key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC).hmac_hash(hashes.SHA256())
    return builder.build(wanted.password.encode())


def _key_pem(wanted: KeyFile) -> str:
    # For PKCS#8 the library offers no choice; its best is AES-256-CBC with PBKDF2 and SHA-256.
    encryption = BestAvailableEncryption(wanted.password.encode())
    return wanted.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def _pem(wanted: KeyFile) -> bytes:
    certificates = "".join(map(pem_with_subject, (wanted.certificate, *wanted.chain)))
    return (certificates + _key_pem(wanted)).encode()


def _zip(wanted: KeyFile) -> bytes:
    files = _pem_files((wanted.certificate, *wanted.chain))
    return _zipped({"certificate.key": _key_pem(wanted), **files})


def certificates_zip(ders: Sequence[bytes]) -> bytes:
    """Certificates as PEM files of a ZIP archive, in their order; the first is ``certificate.crt``."""
    return _zipped(_pem_files(ders))


def _pem_files(ders: Sequence[bytes]) -> dict[str, str]:
    names = ["certificate.crt", *(f"chain-{number}.crt" for number in range(1, len(ders)))]
    return {name: pem(der) for name, der in zip(names, ders, strict=True)}


def _zipped(files: Mapping[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _OLDEST), text)
    return written.getvalue()


_WRITERS: Final[Mapping[str, Callable[[KeyFile], bytes]]] = {"PFX": _pkcs12, "P12": _pkcs12, "PEM": _pem, "ZIP": _zip}
KEY_FILE_FORMATS: Final = tuple(_WRITERS)
"""The formats that hold a private key."""
