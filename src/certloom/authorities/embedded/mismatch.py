"""What is said when the parts of an authority do not fit."""

from certloom.errors import Invalid

__all__ = ["AuthorityMismatched"]


class AuthorityMismatched(Invalid):
    """Certificate, private key and chain of an authority do not belong together."""
