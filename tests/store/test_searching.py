from pathlib import Path

import pytest

from certloom.store.sqlite import connect


@pytest.mark.parametrize(
    ("stored", "searched"), [("CORP\\ÄRGER", "corp\\ärger"), ("Straße", "STRASSE"), ("ΣΑΣ", "σας")]
)
def test_texts_are_compared_ignoring_case_beyond_ascii(tmp_path: Path, stored: str, searched: str) -> None:
    connection = connect(tmp_path / "search.db")
    (equal,) = connection.execute("SELECT casefold(?) = ?", (stored, searched.casefold())).fetchone()
    (nothing,) = connection.execute("SELECT casefold(NULL)").fetchone()
    connection.close()
    assert equal == 1
    assert nothing is None
