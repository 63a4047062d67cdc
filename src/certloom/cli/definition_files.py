"""Definitions and import maps as files: read within limits, written whole."""

import json
import os
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from certloom.api.binding import read_body
from certloom.api.json_value import BodyLimits
from certloom.errors import Invalid
from certloom.operations.exchange.planning import DefinitionFile
from certloom.workflow.exported import ExportedDefinition, unread_members
from certloom.workflow.import_map import ImportMap
from certloom.workflow.kept_form import file_names, text_of_document

__all__ = ["FileUnusable", "MapUnusable", "read_file", "read_folder", "read_map", "write_folder"]

_LIMITS = BodyLimits(max_bytes=5_000_000, max_depth=32)


class FileUnusable(Invalid):
    """A file is missing or holds no definition."""


class MapUnusable(Invalid):
    """An import map is missing, not TOML, or says something that cannot be."""


def read_file(file: Path) -> tuple[ExportedDefinition, tuple[str, ...]]:
    """The definition in a file, and the places of members that mean nothing here. Raises FileUnusable."""
    raw = _content(file)
    try:
        exported: ExportedDefinition = read_body(raw, ExportedDefinition, _LIMITS)
        # Reading a request forgives what follows the first value; in a file that would be a half nobody sees.
        whole = json.loads(raw.decode("utf-8-sig"))
    except Invalid as error:
        raise FileUnusable(f"{file} holds no definition that can be read. {error.message}") from error
    except ValueError as error:
        raise FileUnusable(f"{file} is no single JSON value: {error}. Correct it there.") from error
    return exported, unread_members(whole, exported)


def _content(file: Path) -> bytes:
    # A folder from elsewhere may hold a link to something that never ends, or that waits for a writer.
    if file.exists() and not file.is_file():
        raise FileUnusable(f"{file} is no regular file. Name a file that holds a definition.")
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LIMITS.max_bytes + 1)
    except OSError as error:
        raise FileUnusable(f"{file} cannot be read: {error.strerror}. Check its name.") from error
    if len(raw) > _LIMITS.max_bytes:
        raise FileUnusable(f"{file} is too long; a definition has at most {_LIMITS.max_bytes} bytes.")
    return raw


def read_folder(folder: Path) -> list[DefinitionFile]:
    """Every definition of a folder, by file name. Raises FileUnusable, also where there is none at all."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise FileUnusable(f"{folder} holds no *.json. Write some: certloom definition export --into {folder}")
    return [DefinitionFile(file.name, read_file(file)[0]) for file in files]


def write_folder(folder: Path, definitions: Sequence[ExportedDefinition]) -> tuple[list[str], list[str]]:
    """Write each definition into its file; the names written, and those of other definition files in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = file_names(definitions)
    for name, definition in zip(names, definitions, strict=True):
        part = folder / f".{name}.part"
        part.unlink(missing_ok=True)
        # A new file: a link that lies there would lead the text elsewhere.
        with part.open("x", encoding="utf-8") as stream:
            stream.write(text_of_document(definition))
        part.replace(folder / name)
    return names, sorted({file.name for file in folder.glob("*.json")} - set(names))


class _MapFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An import map as it is written. A secret is a table that says where it is."""

    keys: dict[str, str] = {}
    roles: dict[str, str] = {}
    signals: dict[str, tuple[str, ...]] = {}
    secrets: dict[str, "_Secret"] = {}
    parameters: dict[str, dict[str, Any]] = {}


class _Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is: exactly one of these says so."""

    value: str | None = None
    environment: str | None = None
    file: str | None = None


def read_map(file: Path | None, definitions: Iterable[ExportedDefinition]) -> ImportMap:
    """The map in a TOML file, with the secrets of these definitions' steps; an empty one without a file.

    A file a secret is in lies relative to the map. Raises MapUnusable.
    """
    if file is None:
        return ImportMap()
    try:
        given = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _MapFile)
    except OSError as error:
        raise MapUnusable(f"{file} cannot be read: {error.strerror}. Check its name.") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise MapUnusable(f"{file} is no import map: {error}. Correct it there.") from error
    steps = {step.unique_name.casefold() for definition in definitions for step in definition.all_steps}
    secrets = {
        place: _secret(place, one, file.parent) if place.rpartition(".")[0].casefold() in steps else ""
        for place, one in given.secrets.items()
    }
    return ImportMap(
        keys=given.keys, roles=given.roles, signals=given.signals, secrets=secrets, parameters=given.parameters
    )


def _secret(place: str, given: _Secret, folder: Path) -> str:
    match given:
        case _Secret(value=str(value), environment=None, file=None):
            found = value
        case _Secret(value=None, environment=str(name), file=None):
            found = os.environ.get(name, "")
        case _Secret(value=None, environment=None, file=str(name)):
            found = _in_file(place, folder / name)
        case _:
            raise MapUnusable(f"The secret {place} needs exactly one of value, environment and file.")
    if not found:
        raise MapUnusable(f"The secret {place} is empty where the map says it is. Set it, or take the entry out.")
    return found


def _in_file(place: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # The error's own text would show bytes of the secret.
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MapUnusable(f"The secret {place} cannot be read from {file}: {reason}.") from None
