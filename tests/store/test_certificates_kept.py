"""What the table of certificates refuses, whoever writes to it."""

import msgspec
import pytest

from certloom.store.certificates import CertificateRow, read_certificate
from certloom.store.change import Change, RowCollides
from certloom.store.rows import Insert, Put, Write
from certloom.store.sqlite import SqliteDatabase

GENUINE = CertificateRow(
    id=1,
    serial_number="0A",
    authority="Issuing",
    thumbprint="genuine",
    issued_dn="CN=web01.corp.example",
    issued_cn="web01.corp.example",
    issuer_dn="CN=Issuing",
    not_before="2026-01-01T00:00:00.000Z",
    not_after="2026-03-01T00:00:00.000Z",
    template="WebServer",
    requester_id=1,
    requester="CORP\\alice",
    spki_sha256="00",
    imported_at="2026-01-01T00:00:00.000Z",
    instance_id="i",
    late=0,
    metadata="{}",
    der=b"genuine",
)


@pytest.mark.parametrize("kind", [Insert, Put])
async def test_b05_a_second_certificate_of_an_issuer_and_serial_number_cannot_take_the_place_of_the_first(
    database: SqliteDatabase, kind: type[Insert | Put]
) -> None:
    await database.commit(Change(writes=(Insert(GENUINE),)))
    forged: Write = kind(msgspec.structs.replace(GENUINE, id=2, thumbprint="forged", der=b"forged"))
    with pytest.raises(RowCollides):
        await database.commit(Change(writes=(forged,)))
    assert await read_certificate(database, 1) == GENUINE
    assert await read_certificate(database, 2) is None
