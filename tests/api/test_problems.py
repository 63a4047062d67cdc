import msgspec
import pytest

from certloom.api.problems import FAMILIES, FailedOperation, Problem, problem
from certloom.errors import CertloomError, Conflict, Forbidden, Invalid, NotFound, Unavailable


class NameTaken(Conflict):
    code = "0xA011000A"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("x"), 404, "0xA0110002"),
        (Conflict("x"), 400, "0xA011000B"),
        (NameTaken("x"), 400, "0xA011000A"),
        (Invalid("x"), 400, "0xA0110008"),
        (Forbidden("x"), 403, "0xA0140002"),
        (Unavailable("x"), 503, "0xA0010001"),
    ],
)
def test_a_family_has_its_status_and_an_error_may_have_its_own_code(
    error: CertloomError, status: int, code: str
) -> None:
    assert problem(error, "reference") == (status, Problem(code, "x"))


def test_no_family_lacks_its_status() -> None:
    assert set(CertloomError.__subclasses__()) <= set(FAMILIES)


@pytest.mark.parametrize("error", [KeyError("canary"), CertloomError("canary"), OSError(2, "canary")])
def test_b09_an_unexpected_error_says_nothing_but_where_to_look(error: Exception) -> None:
    status, body = problem(error, "0b0c0d0e")

    assert status == 500
    assert "0b0c0d0e" in body.message
    assert "canary" not in msgspec.json.encode(body).decode()


def test_the_wire_names_are_those_that_clients_read() -> None:
    assert msgspec.json.encode(Problem("0xA0110002", "x")) == b'{"ErrorCode":"0xA0110002","Message":"x"}'
    body = Problem("0xA0110008", "x", (FailedOperation("y"),))
    assert b'"FailedOperations":[{"Reason":"y"}]' in msgspec.json.encode(body)
