"""What a restart carries forward: effects that cannot be undone, for the same request (reference 5.5; ours)."""

from collections.abc import Mapping

from certloom.workflow.approval import digest
from certloom.workflow.instance import CarriedEffect
from certloom.workflow.step import StepView

__all__ = ["earlier_effect", "request_mark"]

# A restart may run on another version, and a template may have been edited since: the request is still the same.
_NOT_OF_THE_REQUEST = frozenset({"DefinitionVersion", "TemplateDocument"})


def request_mark(request: Mapping[str, str]) -> str:
    """The mark of a request, from the hashes of its fields: equal for equal requests, whatever they run on."""
    return digest({name: value for name, value in request.items() if name not in _NOT_OF_THE_REQUEST})


def earlier_effect(view: StepView, step_type: str) -> CarriedEffect | None:
    """What a step of this type did for the same request before the instance was restarted; None: nothing."""
    mark = request_mark(view.request)
    return next((c for c in view.instance.carried if c.step_type == step_type and c.request == mark), None)
