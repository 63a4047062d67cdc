"""REST calls of steps: from parameters to a request, and from an answer to an outcome. Pure.

Source: workflow-definitions reference, 4.7 and 4.8.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from certloom.errors import Invalid
from certloom.workflow.outcome import Continue, Fail, Outcome
from certloom.workflow.outgoing import Answer, HttpRequest, NotDone, PerhapsDone
from certloom.workflow.parameters import ControlType, DataType, Parameter
from certloom.workflow.retry import Retries
from certloom.workflow.token_modes import TextKind

__all__ = ["REST_PARAMETERS", "CallUnusable", "RestCall", "call_of", "excerpt", "outcome_of", "rest_faults", "wait_of"]

_EXCERPT = 300
# RFC 9110, section 15, and RFC 6585, section 4.
_DONE, _REDIRECTS, _FAILURES = range(200, 300), range(300, 400), range(500, 600)
_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS, _SERVICE_UNAVAILABLE = 408, 429, 503
_SAFE_VERBS = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110, section 9.2.2: idempotent methods
_NAME = re.compile(r"[^$()\[\].\x00-\x1f]{1,100}")
_OWN_HEADERS = {"content-type": "ContentType", "authorization": "the step's own credentials", "idempotency-key": "us"}

REST_PARAMETERS = (
    Parameter(
        name="Headers",
        display_name="Headers",
        data_type=DataType.OBJECT,
        control=ControlType.KEY_VALUE,
        tokens=True,
        text=TextKind.HEADER,
        help="Further headers: a list of values for each name.",
    ),
    Parameter(
        name="DataBucketProperty",
        display_name="Variable to store the response in",
        help="The name under which the response goes into the data. Empty: it is discarded.",
    ),
    Parameter(
        name="Verb",
        display_name="Verb",
        control=ControlType.DROP_DOWN,
        required=True,
        default="GET",
        choices={verb: verb for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")},
        help="The HTTP method. After a crash POST and PATCH are sent again only where RetryOn says any.",
    ),
    Parameter(
        name="URL",
        display_name="URL",
        required=True,
        tokens=True,
        text=TextKind.URL,
        help="The address. Steps reach public addresses over HTTPS, and what the operator opened in outbound_allow.",
    ),
    Parameter(
        name="ContentType",
        display_name="Content type",
        default="application/json",
        help="The media type of the request's content; it decides how values of tokens are written into it.",
    ),
    Parameter(
        name="RequestContent",
        display_name="Request content",
        control=ControlType.TEXT_AREA,
        tokens=True,
        media_type="ContentType",
        help="The body of the request.",
    ),
)
"""What every kind of REST step asks for."""


class CallUnusable(Invalid):
    """The parameters describe no request that could be sent, or a result that could not be kept."""


class RestCall(msgspec.Struct, frozen=True):
    """A call without its credentials: what is recorded before it is made. ``stored_as`` may be empty."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    stored_as: str

    @property
    def place(self) -> str:
        """The method and the address without its query, for messages."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def again(self) -> Retries:
        """What the same call a second time does."""
        return Retries.SAFE if self.method in _SAFE_VERBS else Retries.MANUAL

    def request(self, key: str, authorization: str | None) -> HttpRequest:
        """The request with its credentials, and with the key by which a server may recognise a repeat."""
        own = [("Idempotency-Key", quote(key, safe=":"))]
        if authorization is not None:
            own.append(("Authorization", authorization))
        return HttpRequest(
            method=self.method,
            url=self.url,
            headers=(*self.headers, *own),
            body=self.body.encode("utf-8", "replace"),
        )


def rest_faults(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with the parameters that REST steps share, beyond their types."""
    return tuple(_faults(parameters))


def _faults(parameters: Mapping[str, Any]) -> Iterator[str]:
    headers = parameters.get("Headers")
    for name in headers if isinstance(headers, Mapping) else ():
        if str(name).casefold() in _OWN_HEADERS:
            yield f"Headers must not hold {name}: it is set by {_OWN_HEADERS[str(name).casefold()]}"
    stored_as = parameters.get("DataBucketProperty")
    if stored_as and not _NAME.fullmatch(str(stored_as)):
        yield "DataBucketProperty must be a name without dots, brackets and dollar signs, so that tokens find it"


def call_of(parameters: Mapping[str, Any], protected: frozenset[str]) -> RestCall:
    """The call that a step's parameters describe. Raises CallUnusable."""
    stored_as = str(parameters.get("DataBucketProperty") or "").strip()
    if stored_as.casefold() in {name.casefold() for name in protected}:
        raise CallUnusable(f"The response cannot be stored as {stored_as}: what is kept there may not be replaced.")
    faults = rest_faults(parameters)
    if faults:
        raise CallUnusable(f"The request cannot be made: {'; '.join(faults)}.")
    body = str(parameters.get("RequestContent") or "")
    headers = tuple(_headers(parameters.get("Headers") or {}))
    if body:
        headers = (("Content-Type", str(parameters.get("ContentType") or "application/json")), *headers)
    return RestCall(
        method=str(parameters["Verb"]).upper(),
        url=str(parameters.get("URL") or "").strip(),
        headers=headers,
        body=body,
        stored_as=stored_as,
    )


def _headers(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in given.items():
        for value in values if isinstance(values, list | tuple) else [values]:
            yield str(name), str(value)


def outcome_of(call: RestCall, answer: Answer, secrets: tuple[str, ...], now: datetime) -> Outcome:
    """What an answer means for the step. ``secrets`` are kept out of every message.

    Raises NotDone for a server that is busy, PerhapsDone for one that failed.
    """
    if answer.status in _DONE:
        text = answer.body.decode("utf-8", "replace").removeprefix("\ufeff")
        return Continue({call.stored_as: text} if call.stored_as else {})
    told = f"{call.place} answered {answer.status}{_said(answer, secrets)}"
    if answer.status in {_TOO_MANY_REQUESTS, _SERVICE_UNAVAILABLE}:
        raise NotDone(told, wait_of(answer, now))
    if answer.status in _FAILURES or answer.status == _REQUEST_TIMEOUT:
        raise PerhapsDone(told)
    if answer.status in _REDIRECTS:
        told = f"{told} Redirects are not followed; give the address it leads to."
    return Fail(told)


def _said(answer: Answer, secrets: tuple[str, ...]) -> str:
    text = excerpt(answer, secrets)
    return f": {text}" if text else "."


def excerpt(answer: Answer, secrets: tuple[str, ...]) -> str:
    """The beginning of an answer's body on one line, without the secrets it may repeat."""
    text = _without(answer.body.decode("utf-8", "replace"), secrets)
    line = " ".join("".join(one if one.isprintable() else " " for one in text[: 4 * _EXCERPT]).split())
    # Putting it on one line may have put a secret together that line breaks kept apart.
    line = _without(line, secrets)
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelling in {secret, quote(secret, safe=""), msgspec.json.encode(secret).decode()[1:-1]}:
            text = text.replace(spelling, "(hidden)")
    return text


def wait_of(answer: Answer, now: datetime) -> timedelta | None:
    """How long the server asks to wait: seconds or a date (RFC 9110, section 10.2.3). None where it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        return max(parsedate_to_datetime(text) - now, timedelta(0))
    except (ValueError, TypeError):
        return None
