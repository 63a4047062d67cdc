"""Mails that a step asks for beside its decision: their parameters, and the fact that records one.

A mail is sent from the outbox after the decision it tells of is durable; whether it arrives changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from certloom.workflow.fact import MailRequested
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.token_modes import TextKind

__all__ = ["mail_parameters", "requested_mail"]


def mail_parameters(
    purpose: str, shown: str, near: Sequence[str] = (), *, ours: bool = False
) -> tuple[Parameter, Parameter, Parameter]:
    """Subject, message and recipients of one mail: ``<purpose>Subject`` and so on.

    ``near`` are other spellings of the purpose that are read as well.
    """

    def spelled(part: str) -> tuple[str, ...]:
        return tuple(f"{spelling}{part}" for spelling in near)

    return (
        Parameter(
            name=f"{purpose}Subject",
            display_name=f"Subject of the {shown}",
            tokens=True,
            text=TextKind.HEADER,
            help=f"Subject of the {shown}.",
            aliases=spelled("Subject"),
            ours=ours,
        ),
        Parameter(
            name=f"{purpose}Message",
            display_name=f"Text of the {shown}",
            control=ControlType.TEXT_AREA,
            tokens=True,
            text=TextKind.HTML,
            help=f"Text of the {shown}. It is HTML.",
            aliases=spelled("Message"),
            ours=ours,
        ),
        Parameter(
            name=f"{purpose}Recipients",
            display_name=f"Recipients of the {shown}",
            data_type=DataType.STRING_LIST,
            control=ControlType.LIST,
            tokens=True,
            text=TextKind.HEADER,
            help="Addresses, or tokens that stand for some, several parted by semicolons. Without any, none is sent.",
            aliases=spelled("Recipients"),
            ours=ours,
        ),
    )


def requested_mail(parameters: Mapping[str, Any], purpose: str) -> tuple[MailRequested, ...]:
    """The mail of that purpose as a fact; nothing where it has no recipients or says nothing."""
    listed = (str(one) for one in parameters.get(f"{purpose}Recipients") or ())
    found = (address.strip() for one in listed for address in one.split(";"))
    recipients = tuple(dict.fromkeys(address for address in found if address))
    subject = str(parameters.get(f"{purpose}Subject") or "")
    message = str(parameters.get(f"{purpose}Message") or "")
    if not recipients or not (subject or message):
        return ()
    return (MailRequested(purpose=purpose, recipients=recipients, subject=subject, message=message),)
