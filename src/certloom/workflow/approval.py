"""Approvals: votes, what they are bound to, and when they are enough.

A vote is bound to a digest over every field that decides what will be signed or revoked. Votes over different digests
do not add up, and the step that acts recomputes the digest (check A09).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from certloom.workflow.instance import ReceivedSignal

__all__ = ["bind", "changed_fields", "digest", "votes_for"]

_CANONICAL = msgspec.json.Encoder(order="deterministic")


def bind(request: Mapping[str, Any]) -> dict[str, str]:
    """A SHA-256 for every field of a request, so that a later difference can be named."""
    return {name: hashlib.sha256(_CANONICAL.encode(value)).hexdigest() for name, value in sorted(request.items())}


def digest(binding: Mapping[str, str]) -> str:
    """The digest people approve: SHA-256 over the canonical list of field names and hashes."""
    return hashlib.sha256(_CANONICAL.encode(sorted(binding.items()))).hexdigest()


def changed_fields(approved: Mapping[str, str], current: Mapping[str, str]) -> tuple[str, ...]:
    """The fields whose values are not those that were approved, in order of name."""
    return tuple(name for name in sorted({*approved, *current}) if approved.get(name) != current.get(name))


def votes_for(signals: Iterable[ReceivedSignal], step: str, binding: Mapping[str, str]) -> tuple[ReceivedSignal, ...]:
    """The signals of a step that are about this very request, one for each person."""
    expected = digest(binding)
    voters: dict[int, ReceivedSignal] = {}
    for signal in signals:
        if signal.step == step and signal.digest == expected:
            voters.setdefault(signal.account_id, signal)
    return tuple(voters.values())
