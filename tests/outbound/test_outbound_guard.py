import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.outbound.guard import AddressRefused, Allowed, AllowedUnreadable, check, read_allowed, target_of

NOTHING = Allowed()
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
INSIDE = (
    *("127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.0.0.1"),
    *("::1", "fc00::1", "fd12:3456::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0a00:1"),
    *("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "::10.0.0.1"),
)
NEVER = (
    *("169.254.169.254", "169.254.170.2", "169.254.0.1", "0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1"),  # noqa: S104 - addresses that are refused
    *("100.100.100.200", "192.0.0.192", "168.63.129.16", "240.0.0.1"),
    *("fe80::1", "febf::1", "fec0::1", "::", "ff02::1", "fd00:ec2::254"),
    *("::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::", "::169.254.169.254"),
)
EVERYTHING = ("0.0.0.0/0", "::/0", "api.example", "metadata.google.internal")


def judged(*addresses: str, allowed: tuple[str, ...] = (), url: str = "https://api.example/x") -> None:
    opened = read_allowed(allowed)
    check(target_of(url, opened), addresses, opened)


@pytest.mark.parametrize("address", PUBLIC)
def test_c01_a_public_address_may_be_reached(address: str) -> None:
    judged(address)


@pytest.mark.parametrize("address", INSIDE)
def test_c01_an_address_inside_may_not_be_reached_unless_it_is_opened(address: str) -> None:
    with pytest.raises(AddressRefused, match="not public"):
        judged(address)
    judged(address, allowed=("api.example",))


@pytest.mark.parametrize("address", NEVER)
def test_c06_metadata_and_link_local_addresses_are_never_reached(address: str) -> None:
    with pytest.raises(AddressRefused):
        judged(address)
    with pytest.raises(AddressRefused, match="never"):
        judged(address, allowed=EVERYTHING)


def test_c06_a_metadata_name_is_never_reached_wherever_it_leads() -> None:
    with pytest.raises(AddressRefused, match="metadata service"):
        judged(PUBLIC[0], url="https://METADATA.google.internal./computeMetadata", allowed=EVERYTHING)


@pytest.mark.parametrize("address", INSIDE[:3])
def test_c01_one_refused_address_refuses_the_name(address: str) -> None:
    with pytest.raises(AddressRefused):
        judged(PUBLIC[0], address)
    with pytest.raises(AddressRefused):
        judged(address, PUBLIC[0])


def test_a_network_opens_what_is_in_it_and_nothing_else() -> None:
    judged("10.1.2.3", allowed=("10.1.0.0/16", "fd00::/8"))
    judged("::ffff:10.1.2.3", allowed=("10.1.0.0/16",))
    with pytest.raises(AddressRefused):
        judged("10.2.0.1", allowed=("10.1.0.0/16",))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://api.example/", "file:///etc/passwd", "gopher://api.example/", "//api.example/", "api.example", ""),
        *("https://", "https:///x", "https://api.example:99999/", "https://api.example:x/", "https://[::1", "https://]/"),
        *("https://user@api.example/", "https://user:word@api.example/", "https://@api.example/"),
        *("https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/"),
        *("https://1.2.3.4.5/", "https://256.1.1.1/", "https://api.0x7f/", "https://\uff11\uff12\uff17.1/", "https://\u2460\u2461.1/"),
        *("https://[fe80::1%25eth0]/", "https://api%2eexample/", "https://api.example%00.evil/", "https://a b/"),
        *("https://api.example\\@evil.example/", "https:\\\\api.example/", "https://api.example/\r\nX: y"),
        "https://api\t.example/",
        *("https://..example/", "https://-/", "https://xn--/", "https://\u200dapi..example/x"),
    ],
)  # fmt: skip
def test_c01_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises((AddressRefused, ValueError)) as raised:
        target_of(url, read_allowed(EVERYTHING))
    assert isinstance(raised.value, AddressRefused)


@pytest.mark.parametrize("path", ["/a/../b", "/..", "/%2e%2e/b", "/a/.%2E", "/./x", "/a/..%2Fb", "/..%5Cb", "/%2F.%2f"])
def test_d01_a_path_that_climbs_is_refused(path: str) -> None:
    with pytest.raises(AddressRefused, match="lead elsewhere"):
        target_of(f"https://api.example{path}", NOTHING)


def test_a_host_is_compared_in_one_spelling() -> None:
    assert target_of("https://API.Example./x?y#z", NOTHING) == target_of("https://api.example/x?y", NOTHING)
    assert target_of("https://bücher.example/", NOTHING).host == "xn--bcher-kva.example"
    assert target_of("https://\u0430pi.example/", NOTHING).host != "api.example"
    assert target_of("https://[::FFFF:7f00:1]/", NOTHING).host == "::ffff:7f00:1"


def test_blanks_and_letters_beyond_ascii_in_path_and_query_are_encoded() -> None:
    target = target_of("https://api.example/ü b?$filter=name eq 'x'&n=%27", NOTHING)
    assert target.path == "/%C3%BC%20b?$filter=name%20eq%20'x'&n=%27"


def test_plain_http_is_only_for_what_is_opened() -> None:
    with pytest.raises(AddressRefused, match="Use https"):
        judged(PUBLIC[0], url="http://api.example/")
    judged(PUBLIC[0], url="http://api.example/", allowed=("api.example",))


@pytest.mark.parametrize("port", [22, 25, 6379, 9200, 0])
def test_an_unusual_port_is_only_for_the_host_it_is_opened_at(port: int) -> None:
    with pytest.raises(AddressRefused, match="ports"):
        target_of(f"https://api.example:{port}/", read_allowed(("api.example", "other.example:9200")))
    opened = read_allowed([f"api.example:{port}"])
    assert target_of(f"https://api.example:{port}/", opened).authority == f"api.example:{port}"


def test_the_host_header_names_a_port_only_where_it_is_not_the_usual_one() -> None:
    assert target_of("https://api.example:443/", NOTHING).authority == "api.example"
    assert target_of("https://[2606:2800::1]:8443/", NOTHING).authority == "[2606:2800::1]:8443"


@pytest.mark.parametrize("text", ["http://x", "a/b", "user@host", "host:port", "a b", "10.0.0.1/8", ":80", "127.1", ""])
def test_what_is_neither_host_nor_network_is_told(text: str) -> None:
    with pytest.raises(AllowedUnreadable, match="neither a host nor a network"):
        read_allowed(["fine.example", text])


@given(st.ip_addresses(v=4))
def test_c01_an_address_in_an_ipv6_wrapping_is_judged_as_the_address_itself(address: object) -> None:
    def passes(text: str) -> bool:
        try:
            judged(text)
        except AddressRefused:
            return False
        return True

    inner = str(address)
    assert passes(f"::ffff:{inner}") == passes(inner)
    if passes(f"64:ff9b::{inner}"):
        assert passes(inner)


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://api.example/{text}"):
        try:
            target = target_of(url, NOTHING)
        except AddressRefused:
            continue
        assert target.host
        assert target.path.isascii()
        assert not set(" \r\n\t\0") & set(target.path)
