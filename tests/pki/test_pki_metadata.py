from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.metadata import (
    AtEnrollment,
    MetadataField,
    MetadataInvalid,
    MetadataType,
    canonical_metadata,
    canonical_value,
    field_faults,
    with_defaults,
)

TEAM = MetadataField(id=1, name="Team")
COST = MetadataField(id=2, name="Cost", type=MetadataType.INTEGER, enrollment=AtEnrollment.REQUIRED)
STAGE = MetadataField(id=3, name="Stage", type=MetadataType.MULTIPLE_CHOICE, options=("Test", "Prod"), default="Test")
FIELDS = (TEAM, COST, STAGE)


def field(kind: MetadataType, **more: Any) -> MetadataField:
    return MetadataField(id=9, name="F", type=kind, **more)


@pytest.mark.parametrize(
    ("kind", "given_value", "kept"),
    [
        (MetadataType.STRING, "  shop ", "shop"),
        (MetadataType.STRING, 3, "3"),
        (MetadataType.INTEGER, " -007 ", "-7"),
        (MetadataType.INTEGER, 4711, "4711"),
        (MetadataType.DATE, "2026-01-31", "2026-01-31"),
        (MetadataType.DATE, "2026-01-31T10:00:00Z", "2026-01-31"),
        (MetadataType.BOOLEAN, True, "True"),
        (MetadataType.BOOLEAN, "fAlSe", "False"),
        (MetadataType.BIG_TEXT, "two\nlines", "two\nlines"),
        (MetadataType.EMAIL, "a@b.example, c@d.example;", "a@b.example;c@d.example"),
        (MetadataType.EMAIL, None, ""),
        (MetadataType.INTEGER, "", ""),
    ],
)
def test_a_value_is_kept_in_the_form_of_its_type(kind: MetadataType, given_value: object, kept: str) -> None:
    assert canonical_value(field(kind), given_value) == kept
    assert canonical_value(field(kind), kept) == kept


@pytest.mark.parametrize(
    ("kind", "given_value"),
    [
        (MetadataType.STRING, "x" * 401),
        (MetadataType.STRING, "two\nlines"),
        (MetadataType.STRING, "\u202eright to left"),
        (MetadataType.INTEGER, "1.5"),
        (MetadataType.INTEGER, "٣"),
        (MetadataType.INTEGER, "9" * 5000),
        (MetadataType.DATE, "31.01.2026"),
        (MetadataType.DATE, "2026-02-30"),
        (MetadataType.BOOLEAN, "yes"),
        (MetadataType.BIG_TEXT, "x" * 4001),
        (MetadataType.EMAIL, "nobody"),
        (MetadataType.EMAIL, "a@b.example\r\nBcc: c@d.example"),
        (MetadataType.EMAIL, ";"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_names_its_field(kind: MetadataType, given_value: object) -> None:
    with pytest.raises(MetadataInvalid, match=r"^F "):
        canonical_value(field(kind), given_value)


def test_a_choice_is_one_of_the_options_whatever_its_case() -> None:
    assert canonical_value(STAGE, "prod") == "Prod"
    with pytest.raises(MetadataInvalid, match="Test, Prod"):
        canonical_value(STAGE, "Production")


def test_a_string_matches_its_expression_or_its_message_is_told() -> None:
    ticket = field(MetadataType.STRING, validation=r"^REQ-\d+$", message="use REQ-n.")
    assert canonical_value(ticket, "req-1") == "req-1"
    with pytest.raises(MetadataInvalid, match=r"use REQ-n\."):
        canonical_value(ticket, "1")
    with pytest.raises(MetadataInvalid):
        canonical_value(field(MetadataType.STRING, validation="^REQ", case_sensitive=True), "req-1")


def test_an_expression_that_takes_too_long_refuses_the_value_in_bounded_time() -> None:
    slow = field(MetadataType.STRING, validation=r"^(a|aa|a?a)+$")
    began = monotonic()
    with pytest.raises(MetadataInvalid, match="takes too long"):
        canonical_value(slow, "a" * 120 + "!")
    assert monotonic() - began < 30


def test_every_fault_of_metadata_is_told_at_once() -> None:
    with pytest.raises(MetadataInvalid) as refused:
        canonical_metadata(FIELDS, {"Taem": "shop", "team": "a", "TEAM": "b", "Stage": "x"})
    for told in ("'Taem' is no metadata field; known: Team, Cost, Stage", "Team is given more than once",
                 "Stage must be one of", "Cost is required"):  # fmt: skip
        assert told in refused.value.message


def test_metadata_is_kept_under_the_names_of_the_fields_and_what_says_nothing_is_not() -> None:
    assert canonical_metadata(FIELDS, {"team": "shop", "COST": 7, "Stage": "", "Unknown": None}) == {
        "Team": "shop",
        "Cost": "7",
    }


def test_a_default_stands_for_what_is_not_said_and_never_for_what_is() -> None:
    assert with_defaults(FIELDS, {"Team": "shop"}) == {"Team": "shop", "Stage": "Test"}
    assert with_defaults(FIELDS, {"stage": "Prod"}) == {"stage": "Prod"}
    assert with_defaults(FIELDS, {"stage": ""}) == {"Stage": "Test"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"name": " "}, "Name"),
        ({"name": "a)b"}, "Name"),
        ({"name": "a\nb"}, "Name"),
        ({"validation": "("}, "Validation"),
        ({"validation": "a", "type": MetadataType.INTEGER}, "only a string"),
        ({"type": MetadataType.MULTIPLE_CHOICE}, "Options"),
        ({"options": ("a",)}, "Options"),
        ({"type": MetadataType.MULTIPLE_CHOICE, "options": ("a", "A")}, "Options"),
        ({"type": MetadataType.INTEGER, "default": "x"}, "DefaultValue"),
    ],
)
def test_a_field_that_cannot_be_used_is_told_where(fault: dict[str, Any], told: str) -> None:
    (sentence,) = field_faults(MetadataField(**{"id": 0, "name": "F", **fault}))
    assert told in sentence


@given(st.text(max_size=500), st.sampled_from(MetadataType))
def test_whatever_is_kept_is_kept_again_unchanged(text: str, kind: MetadataType) -> None:
    options = ("a", "b") if kind is MetadataType.MULTIPLE_CHOICE else ()
    try:
        kept = canonical_value(field(kind, options=options), text)
    except MetadataInvalid:
        return
    assert canonical_value(field(kind, options=options), kept) == kept
