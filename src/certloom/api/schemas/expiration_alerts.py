"""Wire shapes of expiration alerts. Ours: the product's own are not public."""

from certloom.api.schemas.wire import Wire

__all__ = ["ExpirationAlertRequest", "ExpirationAlertResponse"]


class ExpirationAlertRequest(Wire, kw_only=True):
    """A new alert: ``Days`` before a certificate expires."""

    display_name: str
    days: int


class ExpirationAlertResponse(Wire, kw_only=True):
    """An alert. Its id, as text, is the key of the Expiration definition for it."""

    id: int
    display_name: str
    days: int
