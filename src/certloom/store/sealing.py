"""Sealing: what must not be read from the database alone is stored encrypted under a key file.

AES-256-GCM with a random nonce; the purpose is authenticated, so a sealed value cannot be moved to another place. The
key file is created once; its fingerprint is remembered in the database, and another key is refused at start.
"""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certloom.errors import Unavailable

__all__ = ["KeyFileUnusable", "Seal", "read_or_create_key_file"]

_NONCE = 12
_KEY = 32


class KeyFileUnusable(Unavailable):
    """The key file is missing, unreadable, or not the one the database was sealed with."""


class Seal:
    """Seals and opens values under one data key. Its repr shows nothing of the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(self._derive(b"seal"))
        self.fingerprint = hashlib.sha256(b"certloom data key:" + key).hexdigest()[:32]

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """``plain`` encrypted for ``purpose``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The plain value. Raises KeyFileUnusable when the key or the purpose is not the one it was sealed with."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyFileUnusable(
                f"The stored {purpose} cannot be opened: it was sealed with another key, or was changed. "
                "Put back the key file this data folder was created with."
            ) from error

    def audit_key(self) -> Ed25519PrivateKey:
        """The key that signs audit checkpoints, derived from the data key (HKDF, RFC 5869)."""
        return Ed25519PrivateKey.from_private_bytes(self._derive(b"audit checkpoint"))

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(hashes.SHA256(), _KEY, salt=None, info=b"certloom " + purpose).derive(self._key)


def read_or_create_key_file(path: Path, *, may_create: bool) -> Seal:
    """The seal of the key file at ``path``; created with random content where ``may_create``.

    Raises KeyFileUnusable when the file is missing though the database exists, is readable by others or damaged.
    """
    if not path.exists():
        if not may_create:
            raise KeyFileUnusable(
                f"The key file {path.name} is missing, and the database beside it was sealed with it. Without it the "
                "authorities' keys cannot be opened. Put the key file back from its backup; nothing was changed."
            )
        _create(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileUnusable(f"Others may read the key file {path.name}. Run: chmod 600 {path}")
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise KeyFileUnusable(f"The key file {path.name} is damaged: it must hold 64 hexadecimal digits.")
    return Seal(key)


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(_KEY).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
