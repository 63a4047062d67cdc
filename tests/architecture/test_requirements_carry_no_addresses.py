import re
from pathlib import Path

# One requirement: name==version, optionally a marker, then one hash a line (pip --require-hashes).
REQUIREMENT = re.compile(r"\S+==\S+( ; [^\\\n]+)?( \\\n +--hash=sha256:[0-9a-f]{64})+\n")


def unhashed(requirements: str) -> list[str]:
    """What is left of a requirements file once every pinned and hashed requirement is taken out."""
    return REQUIREMENT.sub("", requirements).splitlines()


def records_addresses(source: Path) -> bool:
    if source.name == "package-lock.json":
        return '"resolved"' in source.read_text()
    return source.name in {"uv.lock", "poetry.lock"}


def test_no_requirement_names_an_address(repository: Path) -> None:
    files = list((repository / "requirements").glob("*.txt"))

    assert files
    assert [file.name for file in files if "://" in file.read_text()] == []


def test_every_requirement_is_pinned_with_its_hashes(repository: Path) -> None:
    files = (repository / "requirements").glob("*.txt")

    assert {file.name: unhashed(file.read_text()) for file in files if unhashed(file.read_text())} == {}


def test_a_requirement_without_a_hash_is_found() -> None:
    hashed = f"attrs==26.1 ; python_version < '3.13' \\\n    --hash=sha256:{'0' * 64}\n"

    assert unhashed(hashed) == []
    assert unhashed(hashed + "idna==3.10\n") == ["idna==3.10"]
    assert unhashed("idna>=3.10 \\\n    --hash=sha256:abc\n") != []


def test_no_lock_file_records_where_a_package_came_from(sources: list[Path]) -> None:
    assert [source for source in sources if records_addresses(source)] == []


def test_a_lock_file_that_records_addresses_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"

    lock.write_text('{"packages": {"a": {"integrity": "sha512-x"}}}')
    assert not records_addresses(lock)
    lock.write_text('{"packages": {"a": {"resolved": "x"}}}')
    assert records_addresses(lock)
    assert records_addresses(tmp_path / "uv.lock")
