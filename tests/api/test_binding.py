from datetime import UTC, datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.api.binding import Paging, QueryStringUnreadable, read_body, read_query
from certloom.api.folding import FieldInvalid
from certloom.api.json_value import BodyLimits
from certloom.errors import Invalid

LIMITS = BodyLimits(max_bytes=100_000, max_depth=32)


class Reason(IntEnum):
    UNSPECIFIED = 0
    HOLD = 6


class Signal(msgspec.Struct, rename="pascal"):
    signal_name: str
    role_ids: list[int] = []


class Request(msgspec.Struct, rename="pascal"):
    csr: str = msgspec.field(name="CSR")
    include_chain: bool = False
    timestamp: datetime | None = None
    metadata: dict[str, Any] = {}
    signals: list[Signal] | None = None
    by_name: dict[str, Signal] = {}
    key_length: int | None = None
    weight: float = 0.0
    children: list["Request"] = []
    reason: Reason = Reason.UNSPECIFIED
    id: UUID | None = None


def read(raw: bytes) -> Request:
    return read_body(raw, Request, LIMITS)


@pytest.mark.parametrize("name", ["CSR", "csr", "Csr", "cSR"])
def test_declared_names_are_matched_in_any_case(name: str) -> None:
    assert read(f'{{"{name}": "x"}}'.encode()).csr == "x"


def test_names_are_matched_through_lists_maps_and_optionals() -> None:
    request = read(
        b'{"csr":"x","SIGNALS":[{"signalname":"A","roleids":["1",2]}],'
        b'"byName":{"keepMe":{"SIGNALNAME":"B"}},"children":[{"csr":"y","signals":null}]}'
    )

    assert request.signals == [Signal("A", [1, 2])]
    assert request.by_name == {"keepMe": Signal("B")}
    assert request.children[0].csr == "y"


def test_free_form_maps_keep_their_names() -> None:
    assert read(b'{"csr":"x","metadata":{"csr":1,"Signals":{"SignalName":2}}}').metadata == {
        "csr": 1,
        "Signals": {"SignalName": 2},
    }


def test_texts_stand_for_booleans_and_numbers() -> None:
    request = read(b'{"csr":"x","includeChain":"true","keyLength":"2048","weight":"1.5","reason":"6"}')

    assert (request.include_chain, request.key_length, request.weight) == (True, 2048, 1.5)
    assert request.reason is Reason.HOLD


@pytest.mark.parametrize("text", ["2026-03-07T03:08:23", "2026-03-07T03:08:23Z", "2026-03-07T03:08:23.000000+00:00"])
def test_a_moment_without_a_zone_is_utc(text: str) -> None:
    moment = read(f'{{"csr":"x","timestamp":"{text}"}}'.encode()).timestamp

    assert moment == datetime(2026, 3, 7, 3, 8, 23, tzinfo=UTC)


def test_unknown_names_are_ignored() -> None:
    assert read(b'{"csr":"x","PopulateMissingValuesFromAD":false}') == Request(csr="x")


def test_an_empty_body_is_null_where_the_type_allows_it() -> None:
    assert read_body(b"", Request | None, LIMITS) is None
    assert read_body(b"null", Request | None, LIMITS) is None
    with pytest.raises(FieldInvalid, match=r"The field \$ cannot be used"):
        read(b"")


def test_bare_arrays_and_booleans_are_bodies_too() -> None:
    assert read_body(b'["1", 2]', list[int], LIMITS) == [1, 2]
    assert read_body(b"true", bool, LIMITS) is True


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"csr":1}', r"\$\.CSR"),
        (b"{}", "CSR"),
        (b'{"csr":"x","signals":[{"SignalName":"a"},{}]}', r"\$\.Signals\[1\]"),
        (b'{"csr":"x","keylength":"many"}', r"\$\.KeyLength"),
        (b'{"csr":"x","keylength":"99999999999999999999"}', r"\$\.KeyLength"),
        (b'{"csr":"x","keylength":"1e300"}', r"\$\.KeyLength"),
        (b'{"csr":"x","keylength":1e300}', r"\$\.KeyLength"),
        (b'{"csr":"x","weight":"nan"}', r"\$\.Weight"),
        (b'{"csr":"x","weight":"inf"}', r"\$\.Weight"),
        (b'{"csr":"x","byname":{"a":{"roleids":["x"]}}}', r"\$\.ByName\[\.\.\.\]\.RoleIds\[0\]"),
        (b'{"csr":"x","reason":5}', r"\$\.Reason"),
        (b'{"csr":"x","id":"zzz"}', r"\$\.Id"),
        (b'{"csr":"x","timestamp":1e300}', r"\$\.Timestamp"),
        (b'{"csr":"x","timestamp":"yesterday"}', r"\$\.Timestamp"),
        (b"[]", r"\$"),
    ],
)
def test_a_bad_field_is_named_by_its_place_on_the_wire(raw: bytes, place: str) -> None:
    with pytest.raises(FieldInvalid, match=place):
        read(raw)


names = st.sampled_from(
    ["csr", "CSR", "Timestamp", "keylength", "signals", "ByName", "children", "Id", "weight", "reason", "metadata"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("1e999")
bodies = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6), max_leaves=12
)


@given(body=bodies)
def test_k05_any_json_is_bound_or_refused_by_name(body: object) -> None:
    raw = msgspec.json.encode(body) if _encodable(body) else repr(body).encode("utf-8", "replace")
    try:
        request = read(raw)
    except Invalid:
        return
    msgspec.json.encode(request)


def _encodable(body: object) -> bool:
    try:
        msgspec.json.encode(body)
    except (OverflowError, UnicodeEncodeError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    "name", ["ReturnLimit", "returnLimit", "pq.returnLimit", "pagedQuery.returnLimit", "instanceQuery.RETURNLIMIT"]
)
def test_parameters_are_bound_by_their_last_segment_in_any_case(name: str) -> None:
    assert read_query(f"{name}=7".encode(), Paging).return_limit == 7


def test_spellings_may_be_mixed_and_the_last_value_wins() -> None:
    paging = read_query(b"pq.queryString=CA%20-eq+1&ReturnLimit=1&returnlimit=2&ReturnLimit=&x=1", Paging)

    assert (paging.query_string, paging.return_limit) == ("CA -eq 1", 2)


def test_a_page_has_an_offset_and_a_direction() -> None:
    paging = read_query(b"PageReturned=3&ReturnLimit=20&SortField=Title&SortAscending=1", Paging)

    assert (paging.offset, paging.descending, paging.sort_field) == (40, True, "Title")
    assert (Paging().offset, Paging().descending, Paging().return_limit) == (0, False, 50)


@pytest.mark.parametrize(
    "query",
    [
        b"PageReturned=0",
        b"PageReturned=-1",
        b"PageReturned=99999999999",
        b"ReturnLimit=0",
        b"ReturnLimit=10001",
        b"ReturnLimit=many",
        b"SortAscending=2",
    ],
)
def test_paging_out_of_range_is_refused_with_the_name_of_the_parameter(query: bytes) -> None:
    with pytest.raises(FieldInvalid, match=query.partition(b"=")[0].decode()):
        read_query(query, Paging)


@pytest.mark.parametrize("query", [b"QueryString=%ff", b"\xff=1", b"QueryString=a%00b", b"a=1&" * 201])
def test_an_unreadable_query_string_is_refused(query: bytes) -> None:
    with pytest.raises(QueryStringUnreadable):
        read_query(query, Paging)


@given(query=st.binary(max_size=60) | st.text(alphabet="qQueryStrng.=&%+07;ReturnLimit", max_size=60).map(str.encode))
def test_k05_any_query_string_is_bound_or_refused_by_name(query: bytes) -> None:
    try:
        paging = read_query(query, Paging)
    except Invalid:
        return
    assert paging.offset >= 0
