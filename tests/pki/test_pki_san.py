import ipaddress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certloom.errors import Invalid
from certloom.pki.san import SAN_KINDS, SanNotSupported, SanUnreadable, read_sans, sans_of, to_extension

_label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_dns = st.lists(_label, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))
_wire = st.fixed_dictionaries(
    {},
    optional={
        "DNS": st.lists(st.one_of(_dns, _dns.map(str.upper), _dns.map("*.{}.".format)), max_size=4),
        "ip4": st.lists(st.ip_addresses(v=4).map(str), max_size=3),
        "Ip6": st.lists(st.ip_addresses(v=6).map(lambda each: each.exploded), max_size=3),
        "rfc822": st.lists(_dns.map("someone@{}".format), max_size=2),
        "uri": st.lists(_dns.map("HTTPS://{}/a%20b".format), max_size=2),
    },
)


@given(_wire)
def test_reading_is_idempotent_and_survives_the_extension(wire: dict[str, list[str]]) -> None:
    try:
        sans = read_sans(wire)
    except SanUnreadable:  # a label that IDNA refuses, or a mapped address
        return
    assert read_sans(sans) == sans
    assert not sans or sans_of(to_extension(sans)) == sans


@given(st.dictionaries(st.one_of(st.sampled_from(SAN_KINDS), st.text(max_size=5)), st.lists(st.text(max_size=40))))
def test_any_map_is_read_or_refused(wire: dict[str, list[str]]) -> None:
    try:
        sans = read_sans(wire)
    except Invalid:
        return
    assert all(names and len(set(names)) == len(names) for names in sans.values())


def test_names_become_canonical_and_unique() -> None:
    wire = {
        "DNS": ["Web.Example.", "web.example", "münchen.example", "*.Apps.example"],
        "ip4": ["192.0.2.1"],
        "ip6": ["2001:DB8:0:0::1"],
        "ip": ["2001:db8::1"],
        "Rfc822": ["Jane@Corp.Example"],
        "uri": ["HTTPS://Web.Example:8443/Path?Q", "spiffe://td.example/app", "urn:uuid:1", "https://[2001:DB8::1]/"],
        "registeredid": [],
    }
    assert read_sans(wire) == {
        "dns": ("web.example", "xn--mnchen-3ya.example", "*.apps.example"),
        "ip": ("192.0.2.1", "2001:db8::1"),
        "rfc822": ("Jane@corp.example",),
        "uri": (
            "https://web.example:8443/Path?Q",
            "spiffe://td.example/app",
            "urn:uuid:1",
            "https://[2001:db8::1]/",
        ),
    }


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("dns", ""),
        ("dns", "."),
        ("dns", "*"),
        ("dns", "*."),
        ("dns", "a.*.example"),
        ("dns", "w*.example"),
        ("dns", "*.*.example"),
        ("dns", "a_b.example"),
        ("dns", "-a.example"),
        ("dns", "a..example"),
        ("dns", " a.example"),
        ("dns", "a.example\x00.evil.example"),
        ("dns", "192.0.2.1"),
        ("dns", "0x7f.1"),
        ("dns", "xn--a.example"),
        ("dns", "a" * 64 + ".example"),
        ("dns", ".".join(["a" * 60] * 5)),
        ("dns", "a/b"),
        ("ip", "192.0.2.1/24"),
        ("ip", "192.0.2.01"),
        ("ip", "::ffff:192.0.2.1"),
        ("ip", "fe80::1%eth0"),
        ("ip", "3221225985"),
        ("ip4", "::1"),
        ("ip6", "192.0.2.1"),
        ("rfc822", "nobody"),
        ("rfc822", "a@b@c.example"),
        ("rfc822", "Jane <a@b.example>"),
        ("rfc822", "a@*.example"),
        ("rfc822", "é@b.example"),
        ("uri", "/relative"),
        ("uri", "https://"),
        ("uri", "https://user@host.example/"),
        ("uri", "https://a_b.example/"),
        ("uri", "https://host.example/é"),
        ("uri", "https://host.example/%zz"),
        ("uri", "https://*.example/"),
        ("uri", "urn:"),
    ],
)
def test_e02_names_with_two_readings_are_refused(kind: str, value: str) -> None:
    with pytest.raises(SanUnreadable):
        read_sans({kind: [value]})


@pytest.mark.parametrize("kind", ["other", "x400", "directory", "ediparty", "registeredid", "ms_ntprincipalname", "?"])
def test_e02_other_kinds_are_refused_by_name(kind: str) -> None:
    with pytest.raises(SanNotSupported, match=f"'{kind.replace('?', '[?]')}'"):
        read_sans({kind: ["a"]})


def test_e02_other_kinds_in_an_extension_are_refused_by_name() -> None:
    for name in (
        x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"),
        x509.DirectoryName(x509.Name([])),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    ):
        with pytest.raises(SanNotSupported, match=type(name).__name__):
            sans_of(x509.SubjectAlternativeName([x509.DNSName("a.example"), name]))


def test_too_many_names_are_refused() -> None:
    with pytest.raises(SanUnreadable, match="1000"):
        read_sans({"dns": [f"h{n}.example" for n in range(1001)]})


def test_too_many_names_are_refused_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("certloom.pki.san.read_name", lambda _kind, value: read.append(value))
    with pytest.raises(SanUnreadable, match="1000"):
        read_sans({"dns": [f"ü{n}.example" for n in range(600)], "ip": [str(n) for n in range(600)]})
    assert not read


def test_a_name_that_is_given_twice_counts_once() -> None:
    names = [f"h{n}.example" for n in range(1000)]
    assert len(read_sans({"dns": [*names, names[0]]})["dns"]) == 1000


def test_addresses_are_octets_in_the_extension() -> None:
    extension = to_extension({"ip": ("192.0.2.1", "2001:db8::1")})
    assert extension.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("192.0.2.1"),
        ipaddress.ip_address("2001:db8::1"),
    ]
