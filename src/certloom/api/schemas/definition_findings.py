"""Wire shape of what is to be said about a definition. Ours."""

from certloom.api.problems import LocatedFault
from certloom.api.schemas.wire import Wire

__all__ = ["FindingsResponse"]


class FindingsResponse(Wire, kw_only=True):
    """What keeps a version from being published (empty: nothing), and what is worth a second look."""

    version: int
    open_points: tuple[LocatedFault, ...]
    warnings: tuple[LocatedFault, ...]
