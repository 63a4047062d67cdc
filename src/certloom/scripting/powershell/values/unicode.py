"""Text that leaves a script: .NET allows halves of surrogate pairs, JSON and UTF-8 do not."""

__all__ = ["well_formed"]


def well_formed(text: str) -> str:
    """The text with pairs of surrogates joined and lone ones replaced by U+FFFD."""
    if text.isascii():
        return str(text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
