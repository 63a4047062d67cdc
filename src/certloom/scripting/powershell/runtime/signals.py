"""How a statement leaves its block: Python exceptions that only loops, calls and the run itself catch."""

__all__ = ["BreakSignal", "ContinueSignal", "ExitSignal", "ReturnSignal", "StopSignal"]


class BreakSignal(Exception):
    """``break``, for the innermost loop or the one with the label."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class ContinueSignal(Exception):
    """``continue``, likewise."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class ReturnSignal(Exception):
    """``return``: what it returns was put out before."""


class ExitSignal(Exception):
    """``exit``: the script ends."""


class StopSignal(Exception):
    """A command further down has all it wants, such as ``Select-Object -First``."""

    def __init__(self, stage: object) -> None:
        super().__init__()
        self.stage = stage
