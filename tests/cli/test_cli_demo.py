import json
from pathlib import Path

import pytest
from tests.cli.conftest import Result, started

pytestmark = pytest.mark.needs("openssl")

TOLD = (
    "A server with embedded defaults listens on http://127.0.0.1:",
    "created the definition 'Web server enrollment'",
    "was told PENDING",
    "The instance reads Suspended",
    "the self-approval rule",
    "holds none of the roles",
    "approved with a comment. The instance reads Complete",
    "openssl verify accepts it",
    "The instance reads Rejected",
    "created the definition 'Web server revocation'",
    "the certificate reads Revoked",
    "openssl confirms it twice",
    "ISSUED at once",
    "All of it held",
)


@pytest.fixture(scope="module", params=["text", "json"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Result, Path]:
    """The form, the whole demo in it, and the folder for temporary files it was given."""
    folder = tmp_path_factory.mktemp("demo")
    form = str(request.param)
    return form, started("demo", *(["--json"] if form == "json" else []), TMPDIR=str(folder)), folder


def test_the_whole_story_is_told_and_ends_with_0(played: tuple[str, Result, Path]) -> None:
    form, result, _ = played
    lines = result.out.splitlines()
    texts = [json.loads(line)["text"] if form == "json" else line.partition(". ")[2] for line in lines]

    assert result.code == 0, result.err
    assert [expected for expected, text in zip(TOLD, texts, strict=True) if expected not in text] == []
    if form == "json":
        assert [json.loads(line)["step"] for line in lines] == list(range(1, len(TOLD) + 1))


def test_the_demo_leaves_nothing_behind(played: tuple[str, Result, Path]) -> None:
    _, _, folder = played

    assert list(folder.iterdir()) == []


def test_the_demo_keeps_its_data_where_asked_and_prints_no_secret_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    result = started("demo", "--keep", str(folder), TMPDIR=str(tmp_path))

    assert result.code == 0
    assert str(folder) in result.out
    assert sorted(tmp_path.iterdir()) == [folder]
    said = (result.out + result.err).casefold()
    assert (folder / "certloom.key").read_text().strip() not in said
    assert not [word for word in ("password", "private key", "clt_", "authorization") if word in said]
