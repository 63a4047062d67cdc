"""``--tls auto``: the server's own certificate, from its own authority, through its own workflow."""

import os
import re
import socket
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certloom.app import Certloom
from certloom.cli.listening import TlsFiles
from certloom.errors import Unavailable
from certloom.identity.actor import system_actor
from certloom.operations.enrollment import EnrollmentOrder, enroll_csr
from certloom.operations.roles import ADMINISTRATORS
from certloom.operations.templates import apply_template
from certloom.pki.chain import pem
from certloom.pki.san import read_name
from certloom.pki.template import Template

__all__ = ["OwnCertificateWaits", "own_certificate"]

_TEMPLATE = "certloom-server"
_RENEW_BEFORE = timedelta(days=30)


class OwnCertificateWaits(Unavailable):
    """The server's certificate waits in a workflow."""


async def own_certificate(certloom: Certloom) -> tuple[TlsFiles, Path]:
    """The files to serve with, and the root to trust. Enrolled anew when missing, near its end or for other names.

    Raises OwnCertificateWaits when an administrator's definition holds the request.
    """
    folder = certloom.folder.path / "tls"
    folder.mkdir(mode=0o700, exist_ok=True)
    files = TlsFiles(str(folder / "server.pem"), str(folder / "server.key"))
    root = folder / "root.pem"
    names = _names(certloom)
    if not all(map(Path.exists, (Path(files.key), root))) or not _still_good(certloom, Path(files.certificate), names):
        await _enroll(certloom, files, root, names)
    return files, root


def _names(certloom: Certloom) -> list[str]:
    settings = certloom.services.settings
    public = urlsplit(settings.public_url).hostname
    wanted = ["localhost", "127.0.0.1", "::1", socket.gethostname().lower(), settings.host, public]
    return list(dict.fromkeys(name for name in wanted if name and name not in {"0.0.0.0", "::"}))  # noqa: S104 - compared


def _still_good(certloom: Certloom, file: Path, names: list[str]) -> bool:
    if not file.exists():
        return False
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {str(name.value) for name in extension}
    return set(names) <= held and certificate.not_valid_after_utc - _RENEW_BEFORE > certloom.services.clock()


async def _enroll(certloom: Certloom, files: TlsFiles, root: Path, names: list[str]) -> None:
    system = system_actor("tls")
    template = Template(
        id=0,
        name=_TEMPLATE,
        display_name="This server",
        key_types=("P-256",),
        validity_days=397,
        required_subject=(),
        san_kinds=("dns", "ip"),
        san_rules=_only(names),
        common_name_in_sans=False,
        # Whoever else could use this template could pose as this server.
        allowed_requesters=(ADMINISTRATORS,),
    )
    await apply_template(certloom.services, system, template)
    key = ec.generate_private_key(ec.SECP256R1())
    order = EnrollmentOrder(csr=_request(key, names), template=_TEMPLATE)
    enrolled = await enroll_csr(certloom.services, system, order)
    if enrolled.certificate is None:
        raise OwnCertificateWaits(
            f"The server's own certificate waits: {enrolled.instance.message} (instance {enrolled.instance.id}). "
            "Start once with --tls-cert and --tls-key, or on loopback without TLS, and approve it."
        )
    chain = [enrolled.certificate.der, *enrolled.chain]
    _write(Path(files.key), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(root, pem(chain[-1]).encode())
    # Last, because its presence says that the others belong to it.
    _write(Path(files.certificate), "".join(pem(der) for der in chain[:-1]).encode())


def _only(names: list[str]) -> dict[str, str]:
    """Rules that allow these names and no other."""
    kinds: dict[str, list[str]] = {"dns": [], "ip": []}
    for name in names:
        kind = "ip" if isinstance(_general(name), x509.IPAddress) else "dns"
        kinds[kind].append(re.escape(read_name(kind, name)))
    return {kind: "|".join(rules) for kind, rules in kinds.items()}


def _request(key: ec.EllipticCurvePrivateKey, names: list[str]) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole, readable for its owner only."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
