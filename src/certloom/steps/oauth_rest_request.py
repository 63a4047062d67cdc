"""OAuthRESTRequest: calls a web service with a token of an identity provider.

The token is fetched with the step's own credentials (client credentials, RFC 6749, section 4.4) and kept in memory
until shortly before it expires; it is never part of data, journal or log. Source: workflow-definitions reference, 4.8.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from typing_extensions import override

from certloom.errors import Invalid
from certloom.workflow.outcome import Outcome
from certloom.workflow.outgoing import Answer, HttpRequest, NotDone, PerhapsDone
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.rest import REST_PARAMETERS, RestCall, call_of, excerpt, outcome_of, rest_faults, wait_of
from certloom.workflow.step import EffectStep, Prepared, Retries, StepContext

__all__ = ["CredentialsMissing", "OAuthRestRequest", "TokenRefused"]

_MOST_TOKENS = 256
_OK, _UNAUTHORIZED, _TOO_MANY_REQUESTS, _SERVER_FAILED = 200, 401, 429, 500
_EARLY = timedelta(seconds=60)
_WITHOUT_A_DATE = 300.0


class CredentialsMissing(Invalid):
    """The step has no client_id, client_secret or TokenEndpoint; an exported definition leaves them out."""


class TokenRefused(Invalid):
    """The identity provider gave no token."""


class OAuthRestRequest(EffectStep):
    """Sends a request with a bearer token, which it gets with the step's credentials."""

    extension_name = "OAuthRESTRequest"
    display_name = "Invoke REST Request with OAuth"
    parameters = (
        *REST_PARAMETERS,
        *(
            Parameter(
                name=name,
                display_name=shown,
                data_type=DataType.SECRET,
                control=ControlType.PASSWORD,
                required=True,
                help=f"The {shown.lower()} at the identity provider.",
                # The token that is had for them goes to the URL, and is worth as much until it expires.
                sent_to=("TokenEndpoint", "URL"),
            )
            for name, shown in (("client_id", "Client id"), ("client_secret", "Client secret"))
        ),
        Parameter(
            name="TokenEndpoint",
            display_name="Token endpoint",
            required=True,
            help="Where tokens are fetched. The same rules apply to it as to URL.",
        ),
        Parameter(name="scope", display_name="Scope", help="The scope to ask for, if any."),
        Parameter(name="audience", display_name="Audience", help="The audience to ask for, if any."),
    )
    changes_request = True
    retries = Retries.MANUAL

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, datetime]] = {}

    @override
    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        return rest_faults(parameters)

    @override
    def again(self, intent: Mapping[str, Any]) -> Retries:
        return msgspec.convert(intent, RestCall).again

    @override
    async def prepare(self, context: StepContext) -> Prepared:
        return Prepared(msgspec.to_builtins(call_of(context.view.parameters, context.view.protected)))

    @override
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        call, asked = msgspec.convert(intent, RestCall), await _asked_for(context)
        known = self._known(asked, context.view.now)
        token = known or await self._fetched(context, asked)
        answer = await _called(context, call, token)
        if answer.status == _UNAUTHORIZED and known:
            # It may have been revoked before it expired; one that was just fetched is refused for another reason.
            token = await self._fetched(context, asked)
            answer = await _called(context, call, token)
        return outcome_of(call, answer, (token, asked.client_secret), context.view.now)

    def _known(self, asked: "_TokenRequest", now: datetime) -> str | None:
        token, expires_at = self._tokens.get(asked.fingerprint, ("", now))
        return token if token and now + _EARLY < expires_at else None

    async def _fetched(self, context: StepContext, asked: "_TokenRequest") -> str:
        try:
            answer = await context.http.send(asked.request())
        except PerhapsDone as error:
            # Asking for a token changes nothing: it is the call itself that was not made.
            raise NotDone(f"The token endpoint did not answer: {error.message}") from error
        granted = _granted(answer, asked, context.view.now)
        if len(self._tokens) >= _MOST_TOKENS:
            self._tokens.clear()
        seconds = min(max(granted.expires_in, 0.0), 86_400.0)
        self._tokens[asked.fingerprint] = (granted.access_token, context.view.now + timedelta(seconds=seconds))
        return granted.access_token


class _TokenRequest(msgspec.Struct, frozen=True):
    endpoint: str
    client_id: str
    client_secret: str
    scope: str
    audience: str

    def request(self) -> HttpRequest:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": self.scope,
            "audience": self.audience,
        }
        headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        return HttpRequest(method="POST", url=self.endpoint, headers=headers, body=body)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def __repr__(self) -> str:
        return f"_TokenRequest({self.endpoint!r})"


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = _WITHOUT_A_DATE

    def __repr__(self) -> str:
        return "_Granted((hidden))"


async def _asked_for(context: StepContext) -> _TokenRequest:
    parameters = context.view.parameters
    client_id = await context.secret(parameters.get("client_id"))
    client_secret = await context.secret(parameters.get("client_secret"))
    endpoint = str(parameters.get("TokenEndpoint") or "").strip()
    if not client_id or not client_secret or not endpoint:
        raise CredentialsMissing("client_id, client_secret or TokenEndpoint is empty. Give all three in the step.")
    scope, audience = (str(parameters.get(name) or "").strip() for name in ("scope", "audience"))
    return _TokenRequest(endpoint, client_id, client_secret, scope, audience)


def _granted(answer: Answer, asked: _TokenRequest, now: datetime) -> _Granted:
    """The token in an answer (RFC 6749, section 5.1). Raises TokenRefused, or NotDone for a provider that is busy."""
    if answer.status == _OK:
        try:
            return msgspec.json.decode(answer.body, type=_Granted, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # The body may hold a token in a form of its own; nothing of it is shown, not even in a traceback.
            raise TokenRefused("The token endpoint answered without a usable access_token.") from None
    told = f"The token endpoint answered {answer.status}: {excerpt(answer, (asked.client_secret,))}"
    if answer.status >= _SERVER_FAILED or answer.status == _TOO_MANY_REQUESTS:
        raise NotDone(told, wait_of(answer, now))
    raise TokenRefused(told)


async def _called(context: StepContext, call: RestCall, token: str) -> Answer:
    return await context.http.send(call.request(context.key, f"Bearer {token}"))
