"""/Certloom/ExpirationAlerts: what Expiration definitions are keyed by. Ours."""

from typing import Any

from litestar import Controller, Request, Response, get, post

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.listing import ListRequest
from certloom.api.openapi import documented
from certloom.api.schemas.expiration_alerts import ExpirationAlertRequest, ExpirationAlertResponse
from certloom.api.short_lists import ListField, ShortList
from certloom.operations.expiration_alerts import create_expiration_alert, expiration_alerts
from certloom.store.expiration_alerts import ExpirationAlertRow
from certloom.store.query_expression import FieldKind

__all__ = ["ExpirationAlertsController"]

_LIST = ShortList[ExpirationAlertRow](
    {
        "DisplayName": ListField(lambda row: (row.display_name,), FieldKind.TEXT),
        "Id": ListField(lambda row: (row.id,), FieldKind.INTEGER),
        "Days": ListField(lambda row: (row.days,), FieldKind.INTEGER),
    }
)


class ExpirationAlertsController(Controller):
    """Which certificates an Expiration workflow is about."""

    path = "/KeyfactorAPI/Certloom/ExpirationAlerts"
    tags = ("Expiration Alert",)

    @get("/", operation_id="ListExpirationAlerts", **documented(list[ExpirationAlertResponse], query=ListRequest))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every alert, by display name."""
        call = call_of(request)
        return _LIST.answer(call, await expiration_alerts(call.services, call.actor), _shown)

    @post(
        "/",
        operation_id="CreateExpirationAlert",
        status_code=200,
        **documented(ExpirationAlertResponse, body=ExpirationAlertRequest),
    )
    async def create(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new alert."""
        call = call_of(request)
        wanted = await call.body(ExpirationAlertRequest)
        return answer(
            _shown(await create_expiration_alert(call.services, call.actor, wanted.display_name, wanted.days))
        )


def _shown(row: ExpirationAlertRow) -> ExpirationAlertResponse:
    return ExpirationAlertResponse(id=row.id, display_name=row.display_name, days=row.days)
