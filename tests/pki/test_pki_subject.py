import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.subject import (
    ATTRIBUTES,
    SubjectUnreadable,
    common_name,
    read_subject,
    render_subject,
    subject_parts,
)

_text = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\xa0"),
    min_size=1,
    max_size=15,
).filter(lambda value: value.isprintable() and bool(value.strip()))
_parts = st.lists(st.tuples(st.sampled_from(["O", "OU", "L", "ST", "STREET", "GN"]), _text), max_size=5)


@given(_parts)
def test_a_name_rendered_and_read_is_the_same_name(parts: list[tuple[str, str]]) -> None:
    name = x509.Name([x509.NameAttribute(ATTRIBUTES[keyword][0], value) for keyword, value in parts])
    assert read_subject(render_subject(name)) == name


@given(st.text(max_size=60))
def test_any_text_is_read_to_something_stable_or_refused(text: str) -> None:
    try:
        rendered = render_subject(read_subject(text))
    except SubjectUnreadable:
        return
    assert render_subject(read_subject(rendered)) == rendered


@given(st.text(st.sampled_from(r'CNO=,+"\ #;<>aé20'), max_size=30))
def test_texts_full_of_separators_are_read_to_something_stable_or_refused(text: str) -> None:
    test_any_text_is_read_to_something_stable_or_refused.hypothesis.inner_test(text)  # type: ignore[attr-defined]  # the plain function inside


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("CN=web01.corp.example,O=Corp", "CN=web01.corp.example,O=Corp"),
        (" cn = web01 , o = Corp ", "CN=web01,O=Corp"),
        ('CN=a,O="Corp, Inc."', r"CN=a,O=Corp\, Inc."),
        (r"CN=a,O=Corp\2C Inc.", r"CN=a,O=Corp\, Inc."),
        (r"CN=J\C3\BCrgen", "CN=Jürgen"),
        (r"CN=a,O=b\ ", r"CN=a,O=b\ "),
        ("2.5.4.3=a,OID.2.5.4.10=b", "CN=a,O=b"),
        ("emailAddress=a@b.example,S=Bavaria,C=DE", "E=a@b.example,ST=Bavaria,C=DE"),
        ("CN=a=b", "CN=a=b"),
        ("", ""),
    ],
)
def test_forms_people_write_are_read(text: str, rendered: str) -> None:
    assert render_subject(read_subject(text)) == rendered


@pytest.mark.parametrize(
    "text",
    [
        "web01",
        "CN=a,",
        ",CN=a",
        "CN=",
        "CN=  ",
        "CN=a+O=b",
        "CN=a,CN=b",
        "CN=a;O=b",
        "CN=a\x00",
        r"CN=a\00",
        r"CN=a\0AO=b",
        "CN=a\u202eb",
        r"CN=\FF",
        "CN=#0403616263",
        'CN="a',
        "CN=a\\",
        "C=Germany",
        "C=D1",
        "E=nobody",
        "SERIALNUMBER=a@b",
        "DC=é",
        "FOO=bar",
        "1.2.3.4=a",
        "CN=" + "a" * 65,
        "CN=" + "é" * 33,
        "CN=\ud800",
        "O=a," * 2000,
    ],
)
def test_e02_what_has_two_readings_or_no_place_in_a_certificate_is_refused(text: str) -> None:
    with pytest.raises(SubjectUnreadable):
        read_subject(text)


def test_a_long_hostile_text_is_refused_without_backtracking() -> None:
    for text in ("CN=" + " " * 4000 + '"', "CN=a" + "\\ " * 2000 + "+", '"' * 4000, "CN" + " " * 4000):
        with pytest.raises(SubjectUnreadable):
            read_subject(text)


def test_the_most_specific_part_is_last_in_the_name_and_first_in_the_text() -> None:
    name = read_subject("CN=web01,O=Corp,C=DE")
    assert [part.oid for part in name] == [NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME]
    assert subject_parts(name) == (("CN", "web01"), ("O", "Corp"), ("C", "DE"))


def test_the_common_name_is_found_in_names_and_texts() -> None:
    assert common_name("O=Corp,CN=web01") == "web01"
    assert common_name(read_subject("O=Corp")) is None


def test_foreign_names_are_rendered_without_a_way_out_of_their_line() -> None:
    joined = x509.RelativeDistinguishedName(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "a\n-----BEGIN"),
            x509.NameAttribute(x509.ObjectIdentifier("1.2.3.4"), "b"),
        ],
    )
    assert render_subject(x509.Name([joined])) == r"CN=a\0A-----BEGIN+1.2.3.4=b"
