import pytest

from certloom.workflow.parameters import DataType, Parameter, named_as_declared, parameter_faults


def faults(data_type: DataType, value: object) -> tuple[str, ...]:
    return parameter_faults((Parameter(name="Value", display_name="Value", data_type=data_type),), {"value": value})


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        (DataType.STRING, "text"),
        (DataType.STRING, None),
        (DataType.INTEGER, 3),
        (DataType.INTEGER, " 3 "),
        (DataType.BOOLEAN, True),
        (DataType.BOOLEAN, "FALSE"),
        (DataType.DOUBLE, 1.5),
        (DataType.DATE_TIME, "2026-01-01T00:00:00Z"),
        (DataType.STRING_LIST, ["a"]),
        (DataType.OBJECT, {"a": 1}),
        (DataType.SECRET, {"reference": 1}),
    ],
)
def test_a_value_of_its_type_fits(data_type: DataType, value: object) -> None:
    assert faults(data_type, value) == ()


@pytest.mark.parametrize(
    ("data_type", "value", "told"),
    [
        (DataType.STRING, 3, "string"),
        (DataType.INTEGER, True, "integer"),
        (DataType.INTEGER, "-1", "integer"),
        (DataType.INTEGER, "three", "integer"),
        (DataType.INTEGER, 1.5, "integer"),
        (DataType.BOOLEAN, "yes", "boolean"),
        (DataType.BOOLEAN, 1, "boolean"),
        (DataType.DATE_TIME, 0, "date time"),
        (DataType.STRING_LIST, "a", "string list"),
        (DataType.OBJECT, [], "object"),
        (DataType.SECRET, 1, "secret"),
    ],
)
def test_a_value_of_another_type_is_told(data_type: DataType, value: object, told: str) -> None:
    assert faults(data_type, value) == (f"parameter value must be {told}",)


def test_every_unknown_name_is_told_with_the_known_ones() -> None:
    declared = (Parameter(name="A", display_name="A"), Parameter(name="B", display_name="B"))
    assert parameter_faults(declared, {"x": 1, "y": 1, "a": "fits"}) == (
        "parameter x is not known; allowed: A, B",
        "parameter y is not known; allowed: A, B",
    )
    assert parameter_faults((), {"x": 1}) == ("parameter x is not known; allowed: none",)


def test_a_name_in_two_spellings_is_a_fault_since_only_one_could_count() -> None:
    declared = (Parameter(name="Value", display_name="Value"),)
    assert parameter_faults(declared, {"Value": "a", "VALUE": "b"}) == ("parameter Value is given more than once",)


def test_a_near_spelling_is_read_as_the_declared_name_and_both_at_once_are_a_fault() -> None:
    declared = (
        Parameter(name="Value", display_name="Value", aliases=("Amount",)),
        Parameter(name="B", display_name="B"),
    )
    assert named_as_declared(declared, {"AMOUNT": "a", "b": 1, "Other": 2}) == {"Value": "a", "B": 1, "Other": 2}
    assert parameter_faults(declared, {"amount": "a"}) == ()
    assert parameter_faults(declared, {"amount": "a", "VALUE": "b"}) == ("parameter Value is given more than once",)


def test_a_value_that_is_not_among_the_choices_is_told_with_them() -> None:
    declared = (Parameter(name="Mode", display_name="Mode", choices={"data": "Data", "text": "Text"}),)
    assert parameter_faults(declared, {"Mode": "text"}) == ()
    assert parameter_faults(declared, {"Mode": ""}) == ()
    assert parameter_faults(declared, {"Mode": "Text"}) == ("parameter Mode must be one of data, text",)
