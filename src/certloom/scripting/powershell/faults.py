"""How reading or running a script can fail, as the rest of the product sees it."""

from certloom.errors import Forbidden, Invalid

__all__ = ["ProtectedValue", "ScriptFailed", "ScriptLimitReached", "ScriptUnreadable"]


class ScriptUnreadable(Invalid):
    """The text is not restricted PowerShell; line and column (both from 1) say where reading stopped."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class ScriptFailed(Invalid):
    """The script threw, or did something that PowerShell answers with an error; the message is the script's."""


class ScriptLimitReached(Invalid):
    """The script used more steps, memory, output, depth or time than a step may."""


class ProtectedValue(Forbidden):
    """The script tried to overwrite a value of the state that scripts may only read (security check D06)."""
