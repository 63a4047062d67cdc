"""Secrets in parameters: what may be sent for one, what is kept in its place, and that none is ever shown.

A plain text is sealed when a definition is saved; the steps keep ``{"Sealed": id}``. Instead of a value people may send
``{"Environment": NAME}`` or ``{"File": path}``, which are ours, or the product's reference to a vault,
``{"Provider": id, "Parameters": {...}}``, which is kept and cannot be opened yet. Source: workflow-definitions
reference, 2.7.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec

from certloom.workflow.definition import Step
from certloom.workflow.outcome import Outcome
from certloom.workflow.parameters import DataType, Parameter, declared_as, named_as_declared
from certloom.workflow.step import StepType

__all__ = [
    "Secret",
    "SecretKind",
    "hidden",
    "read_secret",
    "redirected_secrets",
    "sealed_ids",
    "secret_parameters",
    "sent_fault",
    "without_secrets",
]

_SPELLINGS = {name.casefold(): name for name in ("Sealed", "Environment", "File", "Provider", "Parameters")}
_EXPECTED = 'must be a text, null to keep what is stored, "" to clear it, {"Environment": NAME} or {"File": PATH}'
SecretKind = Literal["Sealed", "Environment", "File", "Provider"]
_SHOWN_INSTEAD = "(secret)"
_LEAST_HIDDEN = 8
_TOLD = ("values", "messages", "message", "why", "reason", "output")
_SOURCES: tuple[SecretKind, ...] = ("Sealed", "Environment", "File")


class Secret(msgspec.Struct, frozen=True):
    """Where the value of a secret parameter comes from: the kind of place, and which one."""

    kind: SecretKind
    which: str


def read_secret(value: Any) -> Secret | None:
    """What a kept value refers to; None for no reference."""
    if not isinstance(value, Mapping):
        return None
    folded = {_SPELLINGS.get(str(name).casefold(), ""): item for name, item in value.items()}
    for kind in _SOURCES:
        if folded.keys() == {kind} and isinstance(folded[kind], str) and folded[kind]:
            return Secret(kind, folded[kind])
    if folded.keys() <= {"Provider", "Parameters"} and "Provider" in folded:
        return Secret("Provider", str(folded["Provider"]))
    return None


def sent_fault(value: Any) -> str:
    """What is wrong with a value that somebody sent for a secret; empty when nothing is."""
    if value is None or isinstance(value, str):
        return ""
    secret = read_secret(value)
    # Only the server seals: a reference in a request could name what somebody else stored.
    return _EXPECTED if secret is None or secret.kind == "Sealed" else ""


def secret_parameters(step: Step, step_type: StepType | None) -> dict[str, Parameter]:
    """The parameters of the step that are secrets, by the name under which the step has them."""
    found = {name: declared_as(step_type.parameters, name) for name in step.parameters} if step_type else {}
    return {name: one for name, one in found.items() if one is not None and one.data_type is DataType.SECRET}


def without_secrets(step: Step, step_type: StepType | None) -> Step:
    """The step as it is shown: null for every secret."""
    secrets = secret_parameters(step, step_type)
    hidden = {name: None if name in secrets else value for name, value in step.parameters.items()}
    return msgspec.structs.replace(step, parameters=hidden) if secrets else step


def redirected_secrets(step: Step, earlier: Step, step_type: StepType | None) -> frozenset[str]:
    """The declared names of secrets that ``earlier`` held and that would reach another server if ``step`` kept them.

    Whoever may change where a step sends its secret would otherwise be sent what others entered.
    """
    held = secret_parameters(earlier, step_type)
    declared = step_type.parameters if step_type else ()
    now, before = (named_as_declared(declared, one.parameters) for one in (step, earlier))
    return frozenset(
        secret.name
        for name, secret in held.items()
        if earlier.parameters[name] is not None
        and any(_server(now.get(place)) != _server(before.get(place)) for place in secret.sent_to)
    )


def _server(address: Any) -> str:
    """Scheme and authority of an address, or the whole of what is none, such as a token (RFC 3986, section 3)."""
    text = str(address or "").strip()
    found = _AUTHORITY.match(text)
    return (found[0] if found else text).casefold()


_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def sealed_ids(step: Step) -> set[str]:
    """The ids of the sealed values that the step refers to, whether or not its type is still known."""
    found = (read_secret(value) for value in step.parameters.values())
    return {secret.which for secret in found if secret is not None and secret.kind == "Sealed"}


def hidden(outcome: Outcome, opened: Collection[str]) -> Outcome:
    """The outcome with each opened secret covered wherever it stands in a text: what is recorded can be read.

    An answer from outside may echo what it was sent. Secrets of fewer than 8 characters are left: covering those would
    change words that merely contain them.
    """
    secrets = sorted((one for one in opened if len(one) >= _LEAST_HIDDEN), key=len, reverse=True)
    if not secrets:
        return outcome
    fields = {name: _covered(getattr(outcome, name), secrets) for name in _TOLD if hasattr(outcome, name)}
    return msgspec.structs.replace(outcome, **fields)


def _covered(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _SHOWN_INSTEAD)
        return value
    if isinstance(value, Mapping):
        return {_covered(name, secrets): _covered(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_covered(item, secrets) for item in value)
    return value
