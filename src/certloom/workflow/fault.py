"""A fault of a definition: what is wrong, and where."""

from collections.abc import Sequence

import msgspec

__all__ = ["Fault", "Located"]


class Fault(msgspec.Struct, frozen=True):
    """A fault: in which step (empty: in the definition), in which field, which rule, and what it is."""

    step: str
    field: str
    rule: str
    text: str

    def __str__(self) -> str:
        place = f"step {self.step}, {self.field}" if self.step else self.field
        return f"{place}: {self.text}"


class Located(Exception):
    """What an error about a definition carries beside its message: every fault with its place."""

    def __init__(self, what: str, faults: Sequence[Fault] = ()) -> None:
        told = "; ".join(f"{number}) {fault}" for number, fault in enumerate(faults, start=1))
        super().__init__(f"{what} {told}." if told else what)
        self.faults = tuple(faults)
