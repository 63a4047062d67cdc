"""RESTRequest: calls a web service and keeps its answer. Source: workflow-definitions reference, 4.7."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from typing_extensions import override

from certloom.workflow.outcome import Outcome
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.rest import REST_PARAMETERS, CallUnusable, RestCall, call_of, outcome_of, rest_faults
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

__all__ = ["RestRequest"]


class RestRequest(EffectStep):
    """Sends a request, with Basic authentication where wanted (RFC 7617)."""

    extension_name = "RESTRequest"
    display_name = "Invoke REST Request"
    parameters = (
        *REST_PARAMETERS,
        Parameter(
            name="UseBasicAuth",
            display_name="Use Basic authentication",
            data_type=DataType.BOOLEAN,
            control=ControlType.CHECK_BOX,
            default="False",
            help="Whether the request carries a user name and a password.",
            aliases=("UseBasicAuthentication", "BasicAuthentication"),
        ),
        Parameter(
            name="BasicUsername", display_name="User name", help="For Basic authentication.", aliases=("Username",)
        ),
        Parameter(
            name="BasicPassword",
            display_name="Password",
            data_type=DataType.SECRET,
            control=ControlType.PASSWORD,
            help="For Basic authentication.",
            aliases=("Password",),
            sent_to=("URL",),
        ),
    )
    changes_request = True
    retries = Retries.MANUAL

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        name = str(parameters.get("BasicUsername") or "")
        colon = ("BasicUsername must not hold a colon: it parts name and password",) if ":" in name else ()
        return (*rest_faults(parameters), *colon)

    @override
    def again(self, intent: Mapping[str, Any]) -> Retries:
        return msgspec.convert(intent, RestCall).again

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared(msgspec.to_builtins(call_of(context.view.parameters, context.view.protected)))

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        call, authorization = msgspec.convert(intent, RestCall), await _authorization(context)
        answer = await context.http.send(call.request(context.key, authorization[0] if authorization else None))
        return outcome_of(call, answer, authorization, context.view.now)


async def _authorization(context: StepContext) -> tuple[str, ...]:
    """The Authorization header and the secrets in it, or nothing. Raises CallUnusable."""
    parameters = context.view.parameters
    if str(parameters.get("UseBasicAuth")).strip().casefold() != "true":
        return ()
    name, password = parameters.get("BasicUsername"), await context.secret(parameters.get("BasicPassword"))
    if not name or not password:
        raise CallUnusable("Basic authentication is on, but BasicUsername or BasicPassword is empty. Give both.")
    encoded = b64encode(f"{name}:{password}".encode()).decode()
    return (f"Basic {encoded}", encoded, password)
