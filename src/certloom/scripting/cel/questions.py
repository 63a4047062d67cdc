"""What the server and the process that evaluates expressions say to each other."""

from typing import Any

import msgspec

__all__ = ["Answer", "Question"]


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """Read this expression; with ``data``, evaluate it too."""

    text: str
    data: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value, or why there is none: the text is ``unreadable`` at a place, or evaluating it ``failed``."""

    value: Any = None
    unreadable: str | None = None
    line: int = 1
    column: int = 1
    failed: str | None = None
