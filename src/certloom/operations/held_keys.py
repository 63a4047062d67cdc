"""Private keys held for their requesters: kept sealed, handed out once, recovered with a permission of its own.

The requester collects the key within ``pfx_collect_days`` of the issue and it is destroyed in the same commit. Whoever
may recover private keys may do so within the same time, which destroys nothing. There is no third way to a key (check
B10).
"""

import secrets
import string
from datetime import datetime, timedelta

import msgspec

from certloom.errors import Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.context import authority_named
from certloom.operations.services import Services
from certloom.pki.chain import order
from certloom.pki.key import public_key_facts
from certloom.pki.key_file import KeyFile, key_file
from certloom.pki.private_key import PrivateKey, read_private_key, to_der
from certloom.store.certificates import CertificateRow
from certloom.store.change import Change, Expect, GuardLost
from certloom.store.held_keys import HeldKeyRow, read_held_key
from certloom.store.instances import read_instance
from certloom.store.moments import moment, text_of
from certloom.store.rows import Delete

__all__ = ["FileOrder", "HandedOut", "KeyNotHeld", "PasswordTooWeak", "check_password", "hand_out", "held_key"]

_GENERATED = 20
_LONGEST = 128
_ALPHABET = string.ascii_letters + string.digits


class KeyNotHeld(Invalid):
    """The private key of a certificate is not here, or not any more."""

    code = "0xA0110002"


class PasswordTooWeak(Invalid):
    """A password for a private key is too short, too long, or cannot be typed."""


class FileOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How a key is handed out. Without a password one is made. The repr shows none."""

    password: str | None = None
    file_format: str = "PFX"
    include_chain: bool = True
    root_first: bool = False
    legacy: bool = False

    def __repr__(self) -> str:
        return f"FileOrder(file_format={self.file_format!r}, password=<hidden>)"


class HandedOut(msgspec.Struct, frozen=True):
    """A file with a private key, and the password it is under where that was made here."""

    content: bytes
    made_password: str | None

    def __repr__(self) -> str:
        return f"HandedOut(<{len(self.content)} bytes>)"


def held_key(services: Services, key: PrivateKey, account_id: int, instance_id: str, at: datetime) -> HeldKeyRow:
    """The row that holds a key for the request of an account, sealed."""
    row = HeldKeyRow(
        spki_sha256=public_key_facts(key.public_key()).spki_sha256,
        instance_id=instance_id,
        account_id=account_id,
        sealed=b"",
        created_at=text_of(at),
    )
    return msgspec.structs.replace(row, sealed=services.seal.seal(to_der(key), row.purpose))


def check_password(services: Services, password: str | None) -> None:
    """Raises PasswordTooWeak for a password that was given and must not protect a private key."""
    least = services.settings.pfx_password_length
    if password is not None and not (least <= len(password) <= _LONGEST and password.isprintable()):
        raise PasswordTooWeak(
            f"The password for a private key must have {least} to {_LONGEST} printable characters. "
            "Send a longer one, or none where one may be made for you."
        )


async def hand_out(services: Services, actor: Actor, certificate: CertificateRow, wanted: FileOrder) -> HandedOut:
    """The certificate with its key in a file, audited.

    The requester's own collecting destroys the held key; recovering somebody else's needs a permission of its own.
    Raises PasswordTooWeak and KeyNotHeld; nothing is destroyed then.
    """
    row = await _held_for(services, certificate)
    own = actor.account_id == (row.account_id if row else certificate.requester_id)
    operation = Operation.COLLECT_KEY if own else Operation.RECOVER_KEY
    require(actor, operation)
    if row is None:
        raise _not_held(services, certificate)
    check_password(services, wanted.password)
    made = None if wanted.password is not None else _new_password(services.settings.pfx_password_length)
    content = await _file(services, row, certificate, wanted, wanted.password or made or "")
    verb = "Collected" if own else "Recovered"
    told = entry(
        services,
        actor.display,
        operation,
        ("Certificate", str(certificate.id)),
        f"{verb} the private key of {certificate.issued_dn} as {wanted.file_format}.",
        instance=row.instance_id,
        thumbprint=certificate.thumbprint,
    )
    guard = Expect(HeldKeyRow, (row.spki_sha256,), "account_id", row.account_id)
    writes = (Delete(HeldKeyRow, (row.spki_sha256,)),) if own else ()
    try:
        await services.database.commit(Change(guards=(guard,), writes=writes, audit=(told,)))
    except GuardLost as lost:
        raise _not_held(services, certificate) from lost
    return HandedOut(content, made)


async def _held_for(services: Services, certificate: CertificateRow) -> HeldKeyRow | None:
    """The key of a certificate while it may be handed out."""
    until = moment(certificate.imported_at) + timedelta(days=services.settings.pfx_collect_days)
    if until < services.clock():
        return None
    return await read_held_key(services.database, certificate.spki_sha256)


def _not_held(services: Services, certificate: CertificateRow) -> KeyNotHeld:
    return KeyNotHeld(
        f"The private key of certificate {certificate.id} is not here. A key that this server made is kept until it "
        f"is collected, at most {services.settings.pfx_collect_days} days after the issue. Ask for a new certificate."
    )


def _new_password(least: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(max(least, _GENERATED)))


async def _file(
    services: Services, row: HeldKeyRow, certificate: CertificateRow, wanted: FileOrder, password: str
) -> bytes:
    instance = await read_instance(services.database, row.instance_id)
    named = instance.data.get("CustomName") if instance else None
    chain = authority_named(services, certificate.authority).chain() if wanted.include_chain else ()
    file = KeyFile(
        key=read_private_key(services.seal.open(row.sealed, row.purpose)),
        password=password,
        certificate=certificate.der,
        chain=order(chain, end_entity_first=not wanted.root_first),
        friendly_name=str(named or certificate.issued_cn or ""),
        legacy=wanted.legacy,
    )
    return key_file(file, wanted.file_format)
