from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.store.sealing import KeyFileUnusable, Seal, read_or_create_key_file

SEAL = Seal(bytes(range(32)))


@given(st.binary(), st.text())
def test_what_was_sealed_is_opened(plain: bytes, purpose: str) -> None:
    sealed = SEAL.seal(plain, purpose)
    assert SEAL.open(sealed, purpose) == plain
    assert SEAL.seal(plain, purpose) != sealed


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_changed_byte_is_not_opened(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(SEAL.seal(plain, "key"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(KeyFileUnusable):
        SEAL.open(bytes(sealed), "key")


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_a_cut_value_is_not_opened(length: int) -> None:
    with pytest.raises(KeyFileUnusable):
        SEAL.open(SEAL.seal(b"plain", "key")[:length], "key")


def test_a_value_moved_to_another_place_is_not_opened() -> None:
    with pytest.raises(KeyFileUnusable, match="private key of B cannot be opened"):
        SEAL.open(SEAL.seal(b"plain", "private key of A"), "private key of B")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(KeyFileUnusable, match="another key"):
        Seal(bytes(32)).open(SEAL.seal(b"plain", "key"), "key")


def test_b09_nothing_of_the_key_is_shown() -> None:
    shown = repr(SEAL) + str(SEAL) + SEAL.fingerprint
    assert bytes(range(32)).hex() not in shown
    assert SEAL.fingerprint != Seal(bytes(32)).fingerprint


def test_a_key_file_is_created_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "certloom.key"
    first = read_or_create_key_file(path, may_create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_or_create_key_file(path, may_create=True).fingerprint == first.fingerprint
    assert read_or_create_key_file(path, may_create=False).fingerprint == first.fingerprint


def test_a_missing_key_file_is_not_replaced_where_a_database_needs_it(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="nothing was changed"):
        read_or_create_key_file(tmp_path / "certloom.key", may_create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o010])
def test_a_key_file_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "certloom.key"
    read_or_create_key_file(path, may_create=True)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusable, match=f"chmod 600 {path}"):
        read_or_create_key_file(path, may_create=False)


@pytest.mark.parametrize("content", [b"", b"00", b"zz" * 32, b"00" * 33, b"\xff" * 64])
def test_a_damaged_key_file_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "certloom.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match="64 hexadecimal digits"):
        read_or_create_key_file(path, may_create=True)
    assert path.read_bytes() == content
