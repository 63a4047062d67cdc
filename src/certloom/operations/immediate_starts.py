"""The guard against starting many instances by accident: what waits for a type and key starts once it is covered.

Types whose instances are started for queued items, such as certificates that entered a collection, say through
``Services.waiting`` how many wait. Source: workflow-definitions reference, 2.8 (immediate-run guard); check K04.
"""

from collections.abc import Sequence

from certloom.errors import Conflict
from certloom.operations.services import Services
from certloom.store.definitions import DefinitionRow

__all__ = ["InstancesWouldStart", "started_at_once"]


class InstancesWouldStart(Conflict):
    """The change would start instances for what waits, at once."""


async def started_at_once(
    services: Services,
    before: tuple[DefinitionRow, Sequence[str]],
    after: tuple[DefinitionRow, Sequence[str]],
    *,
    force: bool,
) -> str:
    """What a change from one state of a definition and its keys to another starts, as words for the audit log.

    Empty when nothing. Raises InstancesWouldStart when it is something and ``force`` is not given.
    """
    row, _ = after
    waiting = services.waiting.get(row.workflow_type)
    if waiting is None:
        return ""
    newly = sorted(_covered(*after) - _covered(*before))
    counts = {key: await waiting(services.database, key) for key in newly}
    total = sum(counts.values())
    if total and not force:
        told = ", ".join(f"{count} for key {key}" for key, count in counts.items() if count)
        raise InstancesWouldStart(
            f"{total} items wait for {row.workflow_type} ({told}), and this would start {total} instances at once. "
            "Send it again with force=true to start them."
        )
    return f" {total} instances start at once." if total else ""


def _covered(row: DefinitionRow, keys: Sequence[str]) -> set[str]:
    """The keys whose items the definition takes."""
    return set(keys) if row.enabled and row.published_version is not None else set()
