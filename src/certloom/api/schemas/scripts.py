"""Wire shapes of library scripts. Sources: workflow-definitions reference, 4.4; the published clients."""

from certloom.api.schemas.wire import Wire

__all__ = ["ScriptCreateRequest", "ScriptListItem", "ScriptResponse", "ScriptUpdateRequest"]


class ScriptCreateRequest(Wire, kw_only=True):
    """A new script. A category is a number or its name, in its case: 6 or ``Workflow``."""

    name: str
    contents: str
    categories: list[int | str] | None = None


class ScriptUpdateRequest(Wire, kw_only=True):
    """What changes of a script; what is absent or null stays. A ``Name`` must be the one it has."""

    id: int
    name: str | None = None
    contents: str | None = None
    categories: list[int | str] | None = None


class ScriptListItem(Wire, kw_only=True):
    """A script in a list."""

    id: int
    name: str
    categories: list[int]


class ScriptResponse(Wire, kw_only=True):
    """A script with its contents."""

    id: int
    name: str
    contents: str
    categories: list[int]
