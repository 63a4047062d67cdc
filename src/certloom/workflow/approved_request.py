"""What was approved is what is done: the check before an effect that votes were about (check A09)."""

from certloom.errors import Conflict
from certloom.workflow.approval import changed_fields, digest
from certloom.workflow.step import StepView

__all__ = ["RequestChanged", "check_approvals"]


class RequestChanged(Conflict):
    """The request is not the one that was approved."""


def check_approvals(view: StepView) -> None:
    """Raises RequestChanged, naming the changed fields, unless every vote was about the request as it stands now."""
    current = digest(view.request)
    for signal in view.instance.signals:
        if signal.digest is None or signal.digest == current:
            continue
        changed = changed_fields(view.instance.bindings.get(signal.digest, {}), view.request)
        raise RequestChanged(
            f"{signal.actor} decided at step {signal.step} on a request that has changed since in: "
            f"{', '.join(changed)}. Restart the instance to have it approved as it is now."
        )
