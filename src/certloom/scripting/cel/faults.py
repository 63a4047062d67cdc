"""How reading or evaluating an expression can fail."""

from certloom.errors import Invalid, Unavailable

__all__ = ["ExpressionFailed", "ExpressionUnreadable", "ExpressionsUnavailable"]


class ExpressionUnreadable(Invalid):
    """The text is not an expression; line and column (both from 1) say where reading stopped."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.reason = message
        self.line = line
        self.column = column


class ExpressionFailed(Invalid):
    """The expression has no value for this data, or not within its limits."""


class ExpressionsUnavailable(Unavailable):
    """The process that evaluates expressions could not be started."""
