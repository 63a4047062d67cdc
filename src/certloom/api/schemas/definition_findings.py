"""Wire shape of what is to be said about a definition. Ours."""

from certloom.api.problems import LocatedFault
from certloom.api.schemas.wire import Wire

__all__ = ["FindingsResponse", "SecretState"]


class SecretState(Wire, kw_only=True):
    """Where the value of a secret parameter comes from: ``Sealed``, ``Environment``, ``File``, ``Provider`` or null.

    ``Which`` is the name of the variable, file or provider.
    """

    step: str
    parameter: str
    source: str | None
    which: str | None


class FindingsResponse(Wire, kw_only=True):
    """What keeps a version from being published (empty: nothing), and what is worth a second look."""

    version: int
    open_points: tuple[LocatedFault, ...]
    warnings: tuple[LocatedFault, ...]
    secrets: list[SecretState]
