"""The five families of errors.

Every error of the product is a fact with a name of its own (``DefinitionNotFound``,
``SignalNotAwaited``) that belongs to exactly one family. Families, not single errors, are mapped to
HTTP, so that none can miss its mapping.

The message of an error is for people: what happened, why, and what to do about it.
"""

from typing import ClassVar

__all__ = ["CertloomError", "Conflict", "Forbidden", "Invalid", "NotFound", "Unavailable"]


class CertloomError(Exception):
    """What every error of the product has: a message for people, and optionally an error code of its own.

    ``code`` overrides the family's ErrorCode where clients are known to look for a special one
    (reference: api-surface 2.5).
    """

    code: ClassVar[str | None] = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(CertloomError):
    """The thing asked for does not exist, or the caller may not know that it does."""


class Conflict(CertloomError):
    """The request is sound, but the thing is not in a state that allows it."""


class Invalid(CertloomError):
    """The request itself is wrong: unreadable, incomplete or against a policy."""


class Forbidden(CertloomError):
    """The caller is known and may not do this."""


class Unavailable(CertloomError):
    """Something certloom depends on does not answer; the same request may succeed later."""
