"""Email: sends a mail and goes on. Source: workflow-definitions reference, 4.2.

After a crash it is sent a second time rather than not at all, with the same Message-ID (RFC 5322, section 3.6.4).
"""

from typing import Any

from typing_extensions import override

from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.outgoing import Mail
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.recipients import recipients_of
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext
from certloom.workflow.token_modes import TextKind

__all__ = ["Email"]


class Email(EffectStep):
    """Sends a mail through the configured server. Its HTML is cleaned, and goes along as plain text as well."""

    extension_name = "Email"
    display_name = "Send Email"
    parameters = (
        Parameter(
            name="Subject",
            display_name="Subject",
            required=True,
            tokens=True,
            text=TextKind.HEADER,
            help="The subject.",
        ),
        Parameter(
            name="Message",
            display_name="Message",
            control=ControlType.TEXT_AREA,
            required=True,
            tokens=True,
            text=TextKind.HTML,
            help="The text, as HTML.",
        ),
        Parameter(
            name="Recipients",
            display_name="Recipients",
            data_type=DataType.STRING_LIST,
            control=ControlType.LIST,
            required=True,
            tokens=True,
            text=TextKind.HEADER,
            help="Addresses, and tokens that stand for one or for several parted by semicolons.",
        ),
    )
    retries = Retries.TWICE

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        parameters = context.view.parameters
        recipients = recipients_of(str(one) for one in parameters.get("Recipients") or ())
        intent = {
            "subject": str(parameters.get("Subject") or ""),
            "message": str(parameters.get("Message") or ""),
            "recipients": list(recipients),
        }
        return Prepared(intent)

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        mail = Mail(
            subject=intent["subject"],
            message=intent["message"],
            recipients=tuple(intent["recipients"]),
            key=context.key,
        )
        refused = await context.mail.send(mail)
        return Continue(messages=tuple(f"Not delivered to {one}" for one in refused))
