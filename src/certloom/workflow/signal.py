"""Signals: what people say to a waiting step. Source: workflow-instances reference, section 4."""

from collections.abc import Mapping
from typing import Any

import msgspec

from certloom.errors import Invalid
from certloom.pki.key import holds_private_key
from certloom.workflow.parameters import DataType, Parameter

__all__ = [
    "SignalDataInvalid",
    "SignalDefinition",
    "SignalKeyInvalid",
    "read_signal_data",
    "split_signal_key",
]


class SignalKeyInvalid(Invalid):
    """A signal key that is not ``<step unique name>.<signal name>``."""


class SignalDataInvalid(Invalid):
    """The data of a signal is incomplete or of a wrong kind."""


class SignalDefinition(msgspec.Struct, frozen=True):
    """A signal that a step type understands.

    ``vote`` marks a decision on the request: it is bound to the request's digest, one person counts once, and the
    requester has none.
    """

    name: str
    inputs: tuple[Parameter, ...]
    vote: bool = False


def split_signal_key(key: str) -> tuple[str, str]:
    """The step's unique name and the signal's name. Raises SignalKeyInvalid."""
    step, _, name = key.strip().rpartition(".")
    if not step or not name:
        raise SignalKeyInvalid(
            f"SignalKey {key[:200]!r} is not <step unique name>.<signal name>, such as "
            "RequireApproval1.ApprovalStatus. CurrentStepUniqueName of the instance is the first half."
        )
    return step, name


def read_signal_data(definition: SignalDefinition, data: Mapping[str, Any]) -> dict[str, Any]:
    """The declared inputs of a signal, under their declared names and in their declared types.

    Names are found ignoring case (clients send ``approved`` for ``Approved``); members nobody declared are left
    out. Raises SignalDataInvalid for a missing or unreadable member.
    """
    values: dict[str, Any] = {}
    for parameter in definition.inputs:
        given = _given(parameter.name, data)
        if given is None and parameter.required:
            raise SignalDataInvalid(f"Data.{parameter.name} is missing. {_expected(parameter)}")
        if given is not None:
            values[parameter.name] = _read(parameter, given)
    return values


def _given(name: str, data: Mapping[str, Any]) -> Any:
    folded = name.casefold()
    found = [value for key, value in data.items() if key.casefold() == folded]
    if len(found) > 1:
        raise SignalDataInvalid(f"Data holds {name} more than once, in different spellings. Send it once.")
    return found[0] if found else None


def _read(parameter: Parameter, given: Any) -> Any:
    if parameter.data_type is DataType.BOOLEAN:
        text = str(given).strip().casefold() if isinstance(given, str | bool) else None
        if text in {"true", "false"}:
            return text == "true"
    elif isinstance(given, str) and holds_private_key(given):
        raise SignalDataInvalid(
            f"Data.{parameter.name} holds a private key. Leave it out, and make a new one: this one has been seen."
        )
    elif isinstance(given, str) and len(given) <= _LONGEST_TEXT:
        return given
    raise SignalDataInvalid(f"Data.{parameter.name} cannot be read. {_expected(parameter)}")


_LONGEST_TEXT = 10_000


def _expected(parameter: Parameter) -> str:
    if parameter.data_type is DataType.BOOLEAN:
        return f'Send "{parameter.name}": "True" or "{parameter.name}": "False".'
    return f'Send "{parameter.name}" as text of at most {_LONGEST_TEXT} characters.'
