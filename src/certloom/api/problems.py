"""Problems: how errors look on the wire. The only place that knows status codes for them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from certloom.errors import CertloomError, Conflict, Forbidden, Invalid, NotFound, Unavailable
from certloom.workflow.fault import Fault, Located

__all__ = ["REFUSED_FOR", "FailedOperation", "LocatedFault", "Problem", "located", "problem"]

FAMILIES: Final[Mapping[type[CertloomError], tuple[int, str]]] = {
    NotFound: (404, "0xA0110002"),
    Conflict: (400, "0xA011000B"),
    Invalid: (400, "0xA0110008"),
    Forbidden: (403, "0xA0140002"),
    Unavailable: (503, "0xA0010001"),
}
"""Status and ErrorCode of each family (reference: api-surface 2.5, workflow-instances 1.3).

A wrong state is a 400, since 409 appears nowhere in the product. The codes of Conflict and Unavailable are ours,
in the ranges that the reference groups requests and the system into.
"""

REFUSED_FOR: Final = "refused_for"
"""Where the state of a request keeps the error it was answered with, for the audit log."""

UNEXPECTED: Final = (500, "0xA0010000")
"""Ours."""


class FailedOperation(msgspec.Struct, frozen=True, rename="pascal"):
    """Why one of many things asked for at once was not done."""

    reason: str


class LocatedFault(msgspec.Struct, frozen=True, rename="pascal"):
    """What is wrong in a definition, and where: a step's unique name (empty: the definition), a field, a rule. Ours."""

    step: str
    field: str
    rule: str
    message: str


class Problem(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The body of every answer that reports an error (reference: api-surface 2.5). ``Faults`` is ours."""

    error_code: str
    message: str
    failed_operations: tuple[FailedOperation, ...] = ()
    faults: tuple[LocatedFault, ...] = ()


def located(faults: Sequence[Fault]) -> tuple[LocatedFault, ...]:
    """Faults as they are written on the wire."""
    return tuple(LocatedFault(fault.step, fault.field, fault.rule, fault.text) for fault in faults)


def problem(error: Exception, reference: str) -> tuple[int, Problem]:
    """The status and body that report an error.

    An error outside the five families tells the caller nothing but ``reference``, the id under which the log holds
    the rest: its own text may name files, queries or secrets.
    """
    if isinstance(error, CertloomError):
        for family, (status, code) in FAMILIES.items():
            if isinstance(error, family):
                faults = error.faults if isinstance(error, Located) else ()
                return status, Problem(error.code or code, error.message, faults=located(faults))
    status, code = UNEXPECTED
    message = f"Something unexpected went wrong. Ask an administrator to look for {reference} in the log."
    return status, Problem(code, message)
