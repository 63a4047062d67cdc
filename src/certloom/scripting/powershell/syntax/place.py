"""Where a piece of a script stands."""

import msgspec

__all__ = ["Node"]


class Node(msgspec.Struct, frozen=True):
    """What every record of the tree has: line and column of its first character, both counted from 1."""

    line: int
    column: int
