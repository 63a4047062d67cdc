"""A package with step types of its own, as somebody else would write it."""

from typing import Any

from typing_extensions import override

from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import DataType, Parameter
from certloom.workflow.step import EffectStep, Prepared, PureStep, Retries, StepContext, StepView


class Ticket(EffectStep):
    """Opens a ticket."""

    extension_name = "AcmeTicket"
    display_name = "Open a ticket"
    parameters = (
        Parameter(name="Queue", display_name="Queue", required=True),
        Parameter(name="ApiKey", display_name="API key", data_type=DataType.SECRET),
    )
    retries = Retries.LOOKUP

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared({"Queue": context.view.parameters["Queue"]})

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        key = await context.secret(context.view.parameters["ApiKey"])
        return Continue({"Ticket": f"{intent['Queue']}-{len(key or '')}"})


class Nameless(PureStep):
    """Declares nothing."""

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue()


class Impostor(Nameless):
    """Would take the place of the approval."""

    extension_name = "requireapproval"
    display_name = "Require Approval"


class Unfinished(PureStep):
    """Cannot be made: it has no behaviour."""

    extension_name = "Unfinished"
    display_name = "Unfinished"


class NoStep:
    """Is something else."""
