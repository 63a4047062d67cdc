from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.api.guid import GuidMalformed, ReferenceIdGiven, read_guid

GUID = UUID("7d1c0f5e-2b8a-4f0e-9d4a-0c5a6f3e1b77")


@pytest.mark.parametrize("text", [str(GUID), str(GUID).upper(), f"{{{GUID}}}", GUID.hex, GUID.hex.upper()])
def test_a_guid_is_read_in_every_usual_spelling(text: str) -> None:
    assert read_guid(text) == GUID


def test_a_guid_of_digits_only_is_still_a_guid() -> None:
    assert read_guid("1" * 32) == UUID("1" * 32)


def test_a_reference_id_gets_told_how_to_find_the_guid() -> None:
    with pytest.raises(ReferenceIdGiven, match="ReferenceId -eq 1042"):
        read_guid("1042")


@pytest.mark.parametrize(
    "text",
    ["", "x", f" {GUID}", f"{GUID}\n", f"{{{GUID}", f"urn:uuid:{GUID}", GUID.hex[:31], "7d1c-0f5e" * 4, "\u0661042"],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(GuidMalformed):
        read_guid(text)


@given(text=st.text(max_size=50))
def test_any_text_is_a_guid_or_refused_by_name(text: str) -> None:
    try:
        guid = read_guid(text)
    except (GuidMalformed, ReferenceIdGiven):
        return
    assert guid.hex == text.lower().translate({ord(mark): None for mark in "{-}"})
