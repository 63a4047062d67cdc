"""Where the value of a secret comes from: a sealed row, a variable of the environment, or a file.

Where references may lead, the settings say: whoever may edit a definition could otherwise read every file and variable
of the server.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from certloom.errors import Invalid
from certloom.operations.services import Services
from certloom.store.sealing import KeyFileUnusable
from certloom.store.secrets import read_secret_row
from certloom.workflow.secret import Secret, read_secret

__all__ = ["SecretUnusable", "open_secret", "opened"]

_LONGEST_FILE = 65_536
_OWN_VARIABLES = "CERTLOOM_"


class SecretUnusable(Invalid):
    """A secret parameter holds a reference that leads to no value."""


async def open_secret(services: Services, definition_id: str, step: str, value: Any) -> str | None:
    """The plain value of a secret parameter of a step, None for none. Raises SecretUnusable."""
    if value is None or isinstance(value, str):
        return value
    secret = read_secret(value)
    if secret is None:
        raise SecretUnusable("The secret is no reference that can be read. Save the definition again with its value.")
    return await opened(services, definition_id, step, secret)


async def opened(services: Services, definition_id: str, step: str, secret: Secret) -> str:
    """The plain value that a reference leads to. Raises SecretUnusable."""
    match secret.kind:
        case "Sealed":
            return await _unsealed(services, definition_id, step, secret.which)
        case "Environment":
            return _variable(services.settings.secret_environment_prefix, secret.which)
        case "File":
            return await asyncio.to_thread(_text_of, services.settings.secret_folder, secret.which)
        case _:
            raise SecretUnusable(
                f"The secret lies with provider {secret.which[:60]!r}, which cannot be asked yet. Give its value, an "
                "environment variable or a file."
            )


async def _unsealed(services: Services, definition_id: str, step: str, secret_id: str) -> str:
    row = await read_secret_row(services.database, secret_id)
    if row is None or (row.definition_id, row.step.casefold()) != (definition_id, step.casefold()):
        raise SecretUnusable("The stored secret is gone. Give its value again and publish.")
    try:
        return services.seal.open(row.sealed, row.purpose).decode()
    except KeyFileUnusable as error:
        # Trying again would not help: the key file was compared with the database when the server started.
        raise SecretUnusable(f"{error.message} Or give the secret's value again and publish.") from error


def _variable(prefix: str, name: str) -> str:
    # The server's own variables hold its own secrets, whatever the prefix.
    if not prefix or not name.startswith(prefix) or name.upper().startswith(_OWN_VARIABLES):
        raise SecretUnusable(
            f"The environment variable {name[:100]!r} may not be read by steps. The setting secret_environment_prefix "
            "says how the names of those begin that may."
        )
    value = os.environ.get(name)
    if not value:
        raise SecretUnusable(f"The environment variable {name[:100]!r} is not set. Set it and start the server again.")
    return value


def _text_of(folder: str, name: str) -> str:
    try:
        path = Path(folder, name).resolve()
        if not folder or not path.is_relative_to(Path(folder).resolve()):
            raise SecretUnusable(
                f"The file {name[:200]!r} may not be read by steps. The setting secret_folder says in which folder "
                "those lie that may."
            )
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
        text = content.decode()
    except (OSError, ValueError, RuntimeError) as error:
        raise SecretUnusable(f"The file {name[:200]!r} cannot be read as text. Check name and rights.") from error
    if len(content) > _LONGEST_FILE or not text.strip():
        raise SecretUnusable(f"The file {name[:200]!r} is empty, or longer than {_LONGEST_FILE} octets.")
    return text.rstrip("\r\n")
