"""Expiration alerts: what an Expiration workflow is keyed by. Source: workflow-definitions reference, 3.4."""

from certloom.errors import Conflict, Invalid
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.store.change import Change, RowCollides
from certloom.store.expiration_alerts import ExpirationAlertRow, list_expiration_alerts, read_expiration_alert
from certloom.store.rows import Insert

__all__ = ["ExpirationAlertInvalid", "ExpirationAlertTaken", "create_expiration_alert", "expiration_alerts"]

_LONGEST_NAME = 200
_MOST_DAYS = 3650


class ExpirationAlertInvalid(Invalid):
    """An alert that cannot be."""


class ExpirationAlertTaken(Conflict):
    """Another alert has this name."""

    code = "0xA011000A"


async def expiration_alerts(services: Services, actor: Actor) -> list[ExpirationAlertRow]:
    """Every alert, by display name."""
    require(actor, Operation.LIST_EXPIRATION_ALERTS)
    return await list_expiration_alerts(services.database)


async def create_expiration_alert(services: Services, actor: Actor, display_name: str, days: int) -> ExpirationAlertRow:
    """A new alert, ``days`` before certificates expire. Raises ExpirationAlertInvalid or ExpirationAlertTaken."""
    require(actor, Operation.CREATE_EXPIRATION_ALERT)
    name = display_name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not 0 <= days <= _MOST_DAYS:
        raise ExpirationAlertInvalid(
            f"An alert needs a DisplayName of 1 to {_LONGEST_NAME} characters and Days from 0 to {_MOST_DAYS}."
        )
    row = ExpirationAlertRow(id=0, name_key=name.casefold(), display_name=name, days=days)
    message = f"Created expiration alert {name}, {days} days before."
    audit = entry(services, actor.display, Operation.CREATE_EXPIRATION_ALERT, ("ExpirationAlert", name), message)
    try:
        await services.database.commit(Change(writes=(Insert(row),), audit=(audit,)))
    except RowCollides as error:
        raise ExpirationAlertTaken(f"There is an expiration alert {name!r} already. Choose another name.") from error
    created = await read_expiration_alert(services.database, row.name_key)
    assert created is not None  # noqa: S101 - nothing deletes alerts
    return created
