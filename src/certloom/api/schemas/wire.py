"""What all wire shapes share: members in PascalCase."""

import msgspec

__all__ = ["Wire"]


class Wire(msgspec.Struct, rename="pascal"):
    """A JSON object of the API. ``include_chain`` is ``IncludeChain`` on the wire."""
