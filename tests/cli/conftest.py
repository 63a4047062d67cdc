import io
import json
import os
import select
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from certloom import app
from certloom.cli.program import run
from certloom.identity.password import PasswordHasher

CERTLOOM = (sys.executable, "-m", "certloom")
PATIENCE = 60.0
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs commands in this process, on one data folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        code = run(list(arguments))
        return Result(code, *self._capsys.readouterr())

    def create_user(self, name: str, *arguments: str, password: str = PASSWORD) -> Result:
        return self("user", "create", name, "--password-file", "-", *arguments, stdin=password.encode())


@dataclass(frozen=True)
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    banner: Mapping[str, Any]
    log: Path

    @property
    def url(self) -> str:
        return str(self.banner["url"])

    def stop(self) -> int:
        """Tell it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of certloom, and with these variables."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CERTLOOM_")}
    return {**ours, "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def served(folder: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    """A server on a free port of this machine; ended, and its pipe closed, whatever happens."""
    command = (*CERTLOOM, "serve", "--json", "--port", "0", "--data-folder", str(folder), *arguments)
    log = folder.parent / f"{folder.name}.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603 - our own words
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(**variables)
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], PATIENCE)[0], "the server said nothing"
            line = process.stdout.readline()
            assert line, log.read_text()
            yield Served(process, json.loads(line), log)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()


def started(*arguments: str, **variables: str) -> Result:
    """A command in a process of its own, to its end."""
    done = subprocess.run(  # noqa: S603 - our own words
        (*CERTLOOM, *arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment(**variables),
    )
    return Result(done.returncode, done.stdout, done.stderr)


def ask(url: str, method: str, path: str, login: tuple[str, str], body: Any = None) -> httpx.Response:
    headers = {"x-keyfactor-requested-with": "APIClient", "x-keyfactor-api-version": "1"}
    return httpx.request(
        method, f"{url}/KeyfactorAPI{path}", auth=login, json=body, headers=headers, timeout=PATIENCE, trust_env=False
    )


def content(folder: Path) -> list[str]:
    """Every row of the database, as SQL."""
    with closing(sqlite3.connect(folder / "certloom.db")) as connection:
        return list(connection.iterdump())


@pytest.fixture(autouse=True)
def _fresh_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CERTLOOM_")]:
        monkeypatch.delenv(name)
    # At full cost one password takes a quarter of a second.
    monkeypatch.setattr(app, "PasswordHasher", partial(PasswordHasher, 1, 8, 1))


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy, as a first start leaves it."""
    folder = tmp_path_factory.mktemp("installed") / "data"
    assert run(["authority", "list", "--json", "--data-folder", str(folder)]) == 0
    return folder


@pytest.fixture
def folder(installed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(installed, tmp_path / "data"))


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Commands on a fresh installation."""
    monkeypatch.setenv("CERTLOOM_DATA_FOLDER", str(folder))
    return CommandLine(folder, capsys, monkeypatch)
