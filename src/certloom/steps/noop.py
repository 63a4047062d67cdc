"""NOOPStep: the markers at the start and the end of a definition. Source: workflow-definitions reference, 2.6."""

from typing_extensions import override

from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.step import PureStep, StepView

__all__ = ["NoopStep"]


class NoopStep(PureStep):
    """Does nothing, so that a definition has one beginning and one end."""

    extension_name = "NOOPStep"
    display_name = "Start or End"

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue()
