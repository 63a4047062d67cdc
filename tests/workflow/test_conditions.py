import pytest

from certloom.workflow.condition import expression_of, first_untrue, is_expression


@pytest.mark.parametrize("value", [True, "True", "true", "TRUE"])
def test_a_token_that_yields_true_holds(value: object) -> None:
    assert first_untrue(("$(x)",), {"x": value}) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        False,
        "False",
        "false ",
        "true ",
        " true",
        "",
        "0",
        0,
        "1",
        1,
        "yes",
        [],
        ["True"],
        {},
        {"a": True},
        "$(y)",
    ],
)
def test_d04_anything_else_is_not_true(value: object) -> None:
    assert first_untrue(("$(x)",), {"x": value, "y": "True"}) == "$(x)"


@pytest.mark.parametrize("condition", ["$(absent)", "$(", "$()", "", "yes", "1", "not false", "true "])
def test_d04_an_undefined_token_and_a_strange_text_are_not_true(condition: str) -> None:
    assert first_untrue((condition,), {}) == condition


@pytest.mark.parametrize("condition", ["$(x)$(absent)", "tr$(y)", "$(t)$(y)", "$(absent)True"])
def test_d04_pieces_never_add_up_to_true(condition: str) -> None:
    assert first_untrue((condition,), {"x": "True", "t": "tr", "y": "ue"}) == condition


def test_literals_are_read_ignoring_case() -> None:
    assert first_untrue(("True", "true"), {}) is None
    assert first_untrue(("False",), {}) == "False"


def test_no_condition_holds_and_the_first_untrue_one_is_named() -> None:
    assert first_untrue((), {}) is None
    assert first_untrue(("True", "$(a)", "$(b)"), {"b": "x"}) == "$(a)"


@pytest.mark.parametrize("condition", ["cel: data.x", "cel:data.x", " CEL:  data.x "])
def test_an_expression_is_recognised_by_its_prefix(condition: str) -> None:
    assert is_expression(condition)
    assert expression_of(condition) == "data.x"


@pytest.mark.parametrize("condition", ["True", "$(cel:x)", "x cel: y", "", "ce", "$(x)"])
def test_everything_else_is_no_expression(condition: str) -> None:
    assert not is_expression(condition)


def test_d04_an_expression_without_an_answer_does_not_hold_and_one_with_it_holds_as_answered() -> None:
    one, two = "cel: data.a", "cel: data.b"
    assert first_untrue((one,), {"a": "True"}) == one
    assert first_untrue((one, two), {}, {one: True}) == two
    assert first_untrue((one, two), {}, {one: True, two: False}) == two
    assert first_untrue((one, two), {}, {one: True, two: True}) is None
