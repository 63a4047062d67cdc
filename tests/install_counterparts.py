"""Installs the Debian and npm packages that tests talk to, as far as this machine allows.

`make test` runs it before the tests. It never fails: what is still missing afterwards is named here, and the
tests that need it are left out by name (in CI that fails the run).
"""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

COUNTERPARTS = Path(__file__).parent / "counterparts.toml"
FOLDERS = Path(__file__).parent / "counterparts"
"""A folder for each program of npm packages, with its lock file."""
SECONDS = 600
"""How long apt-get may take: a mirror that does not answer must not hold up the tests for ever."""


def missing() -> list[str]:
    """The listed packages of which a binary is not on the path."""
    table: dict[str, str] = tomllib.loads(COUNTERPARTS.read_text())
    return sorted({package for binary, package in table.items() if shutil.which(binary) is None})


def install(packages: list[str], apt_get: str) -> None:
    """Ask apt-get for the packages; what it could not bring stays missing, with its last words printed."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        command = [apt_get, "-qq", *arguments]
        try:
            done = subprocess.run(  # noqa: S603  # the arguments are this repository's own list
                command, env=quiet, check=False, capture_output=True, text=True, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as failure:
            print(f"apt-get {arguments[0]}: {failure}")  # noqa: T201  # a command line prints
            return
        if done.returncode:
            print(f"apt-get {arguments[0]}: {done.stderr.strip()}")  # noqa: T201  # a command line prints


def unfilled() -> list[Path]:
    """The folders whose npm packages are missing, or older than the lock file."""
    marks = {
        lock.parent: lock.parent / "node_modules" / ".package-lock.json" for lock in FOLDERS.glob("*/package-lock.json")
    }
    return sorted(
        folder
        for folder, mark in marks.items()
        if not mark.exists() or mark.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime
    )


def fill(folder: Path, npm: str) -> None:
    """Ask npm for exactly what the lock file names, by its hashes; no package runs a script of its own."""
    try:
        done = subprocess.run(  # noqa: S603  # our own folder
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        print(f"npm ci in {folder.name}: {failure}")  # noqa: T201  # a command line prints
        return
    if done.returncode:
        print(f"npm ci in {folder.name}: {done.stderr.strip()}")  # noqa: T201  # a command line prints


def main() -> None:
    """Install what is missing where that is possible, and name what is missing still."""
    apt_get = shutil.which("apt-get")
    packages = missing()
    if packages and apt_get and os.geteuid() == 0:
        install(packages, apt_get)
    if still := missing():
        wanted = " ".join(still)
        print(f"not installed, their tests are left out (apt install {wanted})")  # noqa: T201  # a command line prints
    npm = shutil.which("npm")
    for folder in unfilled() if npm else ():
        fill(folder, str(npm))
    for folder in unfilled():
        print(f"not installed, its tests are left out: {folder.name} (npm ci there)")  # noqa: T201  # a command line prints


if __name__ == "__main__":
    main()
