from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.api.query_language import parse
from certloom.api.query_tokens import QueryInvalid
from certloom.api.query_values import operators_of
from certloom.store.query_expression import (
    And,
    Comparison,
    Expression,
    FieldKind,
    Me,
    Null,
    Operator,
    Or,
    Today,
    Value,
    render,
)

FIELDS = {
    "Id": FieldKind.GUID,
    "InitiatingUserName": FieldKind.ACCOUNT,
    "LastModified": FieldKind.DATE,
    "ReferenceId": FieldKind.INTEGER,
    "Status": FieldKind.INSTANCE_STATUS,
    "CertState": FieldKind.CERT_STATE,
    "RevocationReason": FieldKind.REVOCATION_REASON,
    "Title": FieldKind.TEXT,
    "IsPublished": FieldKind.BOOLEAN,
}
EQ, NE = Operator.EQUAL, Operator.NOT_EQUAL


def title(value: str) -> Comparison:
    return Comparison("Title", EQ, value)


def value_of(text: str) -> Value:
    expression = parse(text, FIELDS)
    assert isinstance(expression, Comparison)
    return expression.value


@pytest.mark.parametrize("text", ["", "   ", "\r\n\t"])
def test_a_blank_query_asks_for_everything(text: str) -> None:
    assert parse(text, FIELDS) is None


def test_a_comparison_is_read_with_the_declared_spelling_of_its_field() -> None:
    assert parse('tItLe -CONTAINS "web"', FIELDS) == Comparison("Title", Operator.CONTAINS, "web")


def test_and_binds_tighter_than_or_in_any_case() -> None:
    expected = Or((title("a"), And((title("b"), title("c"))), title("d")))

    assert parse("Title -eq a OR Title -eq b and Title -eq c oR Title -eq d", FIELDS) == expected


def test_parentheses_group() -> None:
    expected = And((Or((title("a"), title("b"))), title("c")))

    assert parse("(Title -eq a OR (Title -eq b))AND Title -eq c", FIELDS) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("web01", "web01"),
        ('"web server"', "web server"),
        ('"name "', "name"),
        ('" name"', "name"),
        ('""', ""),
        ('"say ""hi"""', 'say "hi"'),
        ('"say \\"hi\\""', 'say "hi"'),
        ('"CORP\\alice"', "CORP\\alice"),
        ('"CORP\\\\alice"', "CORP\\alice"),
        ('"AND"', "AND"),
        ('"NULL"', "NULL"),
        ("%ME%", "%ME%"),
        ('"a AND (b"', "a AND (b"),
    ],
)
def test_texts_are_bare_or_quoted(written: str, value: str) -> None:
    assert parse(f"Title -eq {written}", FIELDS) == title(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ReferenceId -eq 1042", 1042),
        ('ReferenceId -ge "-7"', -7),
        ("Status -eq Suspended", 2),
        ('status -ne "suspended"', 2),
        ("Status -eq 2", 2),
        ("CertState -eq active", 1),
        ("RevocationReason -eq -1", -1),
        ("IsPublished -eq TRUE", True),
        ("IsPublished -eq 0", False),
        (
            "Id -eq 7D1C0F5E-2B8A-4F0E-9D4A-0C5A6F3E1B77",
            UUID("7d1c0f5e-2b8a-4f0e-9d4a-0c5a6f3e1b77"),
        ),
        ('LastModified -ge "2024-06-01"', datetime(2024, 6, 1, tzinfo=UTC)),
        ("LastModified -lt 2024-06-01T12:00:00Z", datetime(2024, 6, 1, 12, tzinfo=UTC)),
        ("LastModified -lt 2024-06-01T12:00:00+02:00", datetime(2024, 6, 1, 10, tzinfo=UTC)),
        ("LastModified -ge %TODAY%", Today()),
        ('LastModified -ge "%today-30%"', Today(-30)),
        ("LastModified -le %TODAY+7%", Today(7)),
        ("InitiatingUserName -eq %ME%", Me()),
        ('InitiatingUserName -contains "%me-an%"', Me(with_domain=False)),
        ('InitiatingUserName -eq "CORP\\alice"', "CORP\\alice"),
        ("Title -eq null", Null()),
        ("LastModified -ne NULL", Null()),
    ],
)
def test_values_are_typed_by_their_field(text: str, value: Value) -> None:
    assert value_of(text) == value


def test_null_has_operators_of_its_own() -> None:
    assert parse("Title -null AND Title -NOTNULL", FIELDS) == And(
        (Comparison("Title", EQ, Null()), Comparison("Title", NE, Null()))
    )


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("Titel -eq a", 1, "one of CertState, Id, InitiatingUserName"),
        ('"Title" -eq a', 1, "a field is expected"),
        ("Title", 6, "an operator is expected, but the query ends"),
        ("Title -like a", 7, "-contains"),
        ("Title -lt a", 7, "-eq, -ne, -contains"),
        ("ReferenceId -contains 1", 13, "-eq, -ne, -lt"),
        ("Status -gt 1", 8, "-eq, -ne, -null"),
        ("Title -eq", 10, "a value is expected"),
        ("Title -eq (a)", 11, "a value is expected"),
        ("Title -eq web server", 15, "double quotes"),
        ("Title -eq a AND", 16, "a field is expected"),
        ("Title -eq a)", 12, "AND, OR or the end"),
        ("(Title -eq a", 13, "closing parenthesis"),
        ('Title -eq "abc', 11, "no closing quote"),
        ('Title -eq "host\\"', 11, "no closing quote"),
        ('Title -eq "a\\', 11, "no closing quote"),
        ("()", 2, "a field is expected"),
        ("ReferenceId -eq many", 17, "an integer"),
        ("ReferenceId -eq 9223372036854775808", 17, "64 bits"),
        ("ReferenceId -eq \u0663", 17, "an integer"),
        ("Status -eq Asleep", 12, "Suspended (2)"),
        ("IsPublished -eq maybe", 17, "true or false"),
        ("Id -eq 1042", 8, "ReferenceId"),
        ("LastModified -eq yesterday", 18, "a date"),
        ("LastModified -eq %TODAY-100000%", 18, "a date"),
        ("LastModified -eq 0001-01-01T00:00:00+14:00", 18, "a date"),
        ("LastModified -lt NULL", 18, "-eq and -ne"),
        ("Title -eq a\x00b", 12, "control characters"),
    ],
)
def test_an_error_points_at_its_column_and_says_what_fits_there(text: str, column: int, hint: str) -> None:
    with pytest.raises(QueryInvalid) as refusal:
        parse(text, FIELDS)

    first, excerpt, mark = refusal.value.message.splitlines()
    assert f"column {column}:" in first
    assert hint in first
    assert mark.index("^") - 2 == min(column - 1, 36)
    assert len(excerpt) <= 2 + 72


@pytest.mark.parametrize(
    "text",
    [
        "(" * 21 + "Title -eq a" + ")" * 21,
        "(" * 8000,
        " OR ".join(["Title -eq a"] * 201),
        f'Title -eq "{"a" * 16_384}"',
        '"' + "\\" * 16_000,
        '"' * 16_383,
    ],
)
def test_a_query_beyond_the_bounds_is_refused(text: str) -> None:
    with pytest.raises(QueryInvalid):
        parse(text, FIELDS)


def test_the_deepest_and_longest_allowed_queries_are_read() -> None:
    assert parse("(" * 20 + "Title -eq a" + ")" * 20, FIELDS) == title("a")
    assert parse(" OR ".join(["Title -eq a"] * 200), FIELDS) == Or((title("a"),) * 200)


values: dict[FieldKind, st.SearchStrategy[Value]] = {
    FieldKind.TEXT: st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('"\\%() ')).map(str.strip),
    FieldKind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    FieldKind.DATE: st.datetimes(timezones=st.just(UTC)) | st.builds(Today, st.integers(-99999, 99999)),
    FieldKind.GUID: st.uuids(),
    FieldKind.BOOLEAN: st.booleans(),
    FieldKind.INSTANCE_STATUS: st.integers(0, 6),
    FieldKind.CERT_STATE: st.integers(0, 8),
    FieldKind.REVOCATION_REASON: st.integers(-1, 8),
}
values[FieldKind.ACCOUNT] = st.builds(Me, st.booleans()) | values[FieldKind.TEXT].filter(
    lambda text: str(text).upper() not in {"%ME%", "%ME-AN%"}
)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    name, kind = draw(st.sampled_from(sorted(FIELDS.items())))
    if draw(st.booleans()):
        return Comparison(name, draw(st.sampled_from([EQ, NE])), Null())
    return Comparison(name, draw(st.sampled_from(operators_of(kind))), draw(values[kind]))


def joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operands = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(And, operands) | st.builds(Or, operands)


expressions: st.SearchStrategy[Expression] = st.recursive(comparisons(), joined, max_leaves=8)


@given(expression=expressions)
def test_parsing_a_rendered_expression_gives_the_same_expression(expression: Expression) -> None:
    assert parse(render(expression), FIELDS) == expression


words = st.sampled_from(
    [
        "Title",
        "Status",
        "LastModified",
        "Id",
        "-eq",
        "-lt",
        "-null",
        "AND",
        "or",
        "(",
        ")",
        '"',
        "\\",
        "NULL",
        "%TODAY%",
    ]
)


@given(text=st.text(max_size=60) | st.lists(words | st.text(max_size=5), max_size=12).map(" ".join))
def test_k05_any_text_is_a_query_or_refused_by_name(text: str) -> None:
    try:
        expression = parse(text, FIELDS)
    except QueryInvalid:
        return
    assert expression is None or parse(render(expression), FIELDS) == expression
