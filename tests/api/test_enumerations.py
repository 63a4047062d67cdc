import pytest

from certloom.api.enumerations import (
    CERT_STATE,
    INSTANCE_STATUS,
    REVOCATION_REASON,
    Enumeration,
    EnumerationFormUnknown,
    EnumerationValueUnknown,
    form_of,
)


@pytest.mark.parametrize("enumeration", [INSTANCE_STATUS, CERT_STATE, REVOCATION_REASON])
def test_every_number_has_one_name_and_back(enumeration: Enumeration) -> None:
    for number in enumeration.names:
        assert enumeration.number_of(enumeration.name_of(number)) == number
        assert enumeration.number_of(enumeration.name_of(number).upper()) == number
        assert enumeration.number_of(str(number)) == number


def test_the_numbers_of_the_instance_status_are_fixed() -> None:
    assert [INSTANCE_STATUS.name_of(number) for number in range(7)] == [
        "Unknown",
        "Running",
        "Suspended",
        "Failed",
        "Complete",
        "Rejected",
        "CanceledForRestart",
    ]


def test_what_an_enumeration_does_not_have_is_refused_with_what_it_has() -> None:
    with pytest.raises(EnumerationValueUnknown, match=r"Suspended \(2\)"):
        INSTANCE_STATUS.number_of("Asleep")
    with pytest.raises(EnumerationValueUnknown):
        INSTANCE_STATUS.name_of(7)


def test_the_header_overrides_the_form_of_the_base_path() -> None:
    assert form_of(None, "numbers") == "numbers"
    assert form_of(" Names ", "numbers") == "names"
    assert form_of("numbers", "names") == "numbers"


def test_another_form_is_refused() -> None:
    with pytest.raises(EnumerationFormUnknown):
        form_of("letters", "names")
