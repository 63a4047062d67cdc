"""Options every command takes, and how answers are printed."""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from certloom.app import Certloom, installation
from certloom.identity.actor import Actor, system_actor
from certloom.settings import Settings, read_settings
from certloom.store.data_folder import DataFolder

__all__ = ["Options", "opened", "operator", "print_json", "print_rows", "printable", "settings_of"]


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """Which installation, and in which form answers are printed."""

    data_folder: Annotated[Path | None, Parameter(help="Where the installation lives (CERTLOOM_DATA_FOLDER).")] = None
    config: Annotated[Path | None, Parameter(help="A TOML file with settings (CERTLOOM_CONFIG).")] = None
    json: Annotated[bool, Parameter(negative="", show_default=False, help="Print the answer as JSON.")] = False


def settings_of(options: Options, **more: Any) -> Settings:
    """The settings in force for a command. Raises what ``read_settings`` raises."""
    folder = str(options.data_folder) if options.data_folder else None
    return read_settings(os.environ, {"data_folder": folder, **more}, options.config).settings


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[Certloom]:
    """The installation, without a server. Writes beside a running server are short and safe."""
    settings = settings_of(options)
    if not DataFolder(Path(settings.data_folder)).is_installed():
        # A misspelled folder would otherwise become a second installation that nobody notices.
        sys.stderr.write(f"certloom: {settings.data_folder} holds no installation yet; creating one.\n")
    async with installation(settings) as certloom:
        yield certloom


def operator() -> Actor:
    """Who acts on the command line: whoever may read the key file, named as the machine knows them."""
    try:
        name = os.environ.get("SUDO_USER") or os.getlogin()
    except OSError:
        name = str(os.getuid())
    return system_actor("command-line", name)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_rows(options: Options, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as a table, or as JSON objects with the columns as members. A cell of several values is a tuple."""
    if options.json:
        members = [column.replace(" ", "_") for column in columns]
        print_json([dict(zip(members, row, strict=True)) for row in rows])
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    Console(width=None if sys.stdout.isatty() else _UNBROKEN).print(table)


_UNBROKEN = 10_000
"""Columns of a table that no terminal shows: a line is a row."""


def _cell(value: object) -> Text:
    """A value as it is: no markup."""
    return Text(printable(", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)))


def printable(text: str) -> str:
    """The text with nothing in it that steers a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
