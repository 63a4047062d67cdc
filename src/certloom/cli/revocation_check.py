"""What openssl says about a certificate, asking the addresses that the certificate names."""

import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

__all__ = ["told_by_crl", "told_by_ocsp"]


def told_by_crl(openssl: str, chain: list[x509.Certificate]) -> str:
    """What ``openssl verify`` says about the first of leaf, issuing and root, with the CRL it fetches itself."""
    words = ["verify", "-crl_check", "-crl_download", "-CAfile", "root", "-untrusted", "issuing", "leaf"]
    return _told(openssl, chain, words)


def told_by_ocsp(openssl: str, chain: list[x509.Certificate]) -> str:
    """What the responder that the leaf names tells ``openssl ocsp`` about it."""
    access = chain[0].extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    urls = [each.access_location.value for each in access if each.access_method == AuthorityInformationAccessOID.OCSP]
    words = ["ocsp", "-url", urls[0], "-CAfile", "root", "-verify_other", "issuing", "-issuer", "issuing"]
    return _told(openssl, chain, [*words, "-cert", "leaf"])


def _told(openssl: str, chain: list[x509.Certificate], words: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        for name, certificate in zip(("leaf", "issuing", "root"), chain, strict=True):
            Path(folder, name).write_bytes(certificate.public_bytes(Encoding.PEM))
        done = subprocess.run([openssl, *words], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stdout + done.stderr
