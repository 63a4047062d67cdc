import pytest
from cryptography import x509

from certloom.pki.revocation import REASONS, REMOVE_FROM_HOLD, ReasonNotAllowed, read_reason


def test_reasons_are_those_of_rfc_5280_under_the_numbers_of_the_wire() -> None:
    names = {flag.value for flag in x509.ReasonFlags}
    assert {reason.name for reason in REASONS.values()} <= names
    assert read_reason(1).name == "keyCompromise"
    assert read_reason(6).name == "certificateHold"


def test_ending_a_hold_is_told_apart() -> None:
    assert {number for number, reason in REASONS.items() if reason.ends_hold} == {REMOVE_FROM_HOLD, 7, 8}


@pytest.mark.parametrize("number", [-2, 9, 10, 999])
def test_other_numbers_are_refused(number: int) -> None:
    with pytest.raises(ReasonNotAllowed, match="4 Superseded"):
        read_reason(number)
