"""J05: who the client is, whatever anybody writes into headers."""

from collections.abc import Mapping

import pytest

from certloom.api.client import Client, client_of, is_loopback
from certloom.settings import SettingInvalid, Settings, read_settings

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48")


def asked(peer: str, *fields: tuple[str, str], scheme: str = "http", **settings: object) -> Client:
    chosen = Settings(**{"trusted_proxies": PROXIES, **settings})  # type: ignore[arg-type]  # a test's own settings
    return client_of(peer, scheme, [(name.encode(), value.encode()) for name, value in fields], chosen)


def forwarded_for(value: str) -> tuple[str, str]:
    return ("x-forwarded-for", value)


HTTPS = ("x-forwarded-proto", "https")


@pytest.mark.parametrize("proxies", [(), PROXIES])
def test_j05_headers_of_somebody_who_is_no_trusted_proxy_are_not_believed(proxies: tuple[str, ...]) -> None:
    fields = (forwarded_for("127.0.0.1"), HTTPS, ("forwarded", "for=127.0.0.1;proto=https"))
    assert asked("203.0.113.9", *fields, trusted_proxies=proxies) == Client("203.0.113.9", secure=False)


def test_j05_headers_of_a_trusted_proxy_are_believed() -> None:
    assert asked("10.0.0.1", forwarded_for("203.0.113.9"), HTTPS) == Client("203.0.113.9", secure=True)
    assert asked("2001:db8:ffff::1", forwarded_for("[2001:db8::7]:443"), HTTPS) == Client("2001:db8::7", secure=True)
    assert asked("::ffff:10.0.0.1", forwarded_for("203.0.113.9"), HTTPS) == Client("203.0.113.9", secure=True)


CHAINS: Mapping[str, str] = {
    "203.0.113.9": "203.0.113.9",
    "198.51.100.1, 203.0.113.9": "203.0.113.9",
    "127.0.0.1, 203.0.113.9": "203.0.113.9",
    "10.9.9.9, 203.0.113.9, 10.0.0.2": "203.0.113.9",
    "203.0.113.9:4711, 10.0.0.2": "203.0.113.9",
    "10.0.0.3, 10.0.0.2": "10.0.0.3",
    "127.0.0.1, unknown, 10.0.0.2": "10.0.0.2",
    "127.0.0.1,": "10.0.0.1",
    "": "10.0.0.1",
}


@pytest.mark.parametrize("chain", CHAINS)
def test_j05_the_client_is_the_rightmost_hop_that_is_no_trusted_proxy(chain: str) -> None:
    assert asked("10.0.0.1", forwarded_for(chain)).address == CHAINS[chain]


def test_j05_a_header_in_several_lines_is_one_list() -> None:
    assert asked("10.0.0.1", forwarded_for("127.0.0.1"), forwarded_for("203.0.113.9")).address == "203.0.113.9"
    last = asked("10.0.0.1", forwarded_for("203.0.113.9"), HTTPS, ("x-forwarded-proto", "http"))
    assert not last.secure


def test_j05_the_header_that_the_proxy_does_not_write_is_the_clients_and_not_believed() -> None:
    mine = ("forwarded", "for=127.0.0.1;proto=https")
    assert asked("10.0.0.1", mine, forwarded_for("203.0.113.9")) == Client("203.0.113.9", secure=False)
    other = (forwarded_for("127.0.0.1"), HTTPS, ("forwarded", "for=203.0.113.9"))
    assert asked("10.0.0.1", *other, proxy_header="forwarded") == Client("203.0.113.9", secure=False)


def test_j05_forwarded_is_read_as_its_standard_says() -> None:
    value = 'for=198.51.100.1;proto=https, For="[2001:db8::7]:4711";proto=https;by=10.0.0.2, for=10.0.0.2'
    assert asked("10.0.0.1", ("forwarded", value), proxy_header="forwarded") == Client("2001:db8::7", secure=True)


def test_j05_a_proxy_that_spoke_http_with_its_client_makes_no_secure_connection() -> None:
    plain = ("x-forwarded-proto", "http")
    assert not asked("10.0.0.1", forwarded_for("203.0.113.9"), plain, scheme="https").secure
    assert asked("10.0.0.1", forwarded_for("203.0.113.9"), scheme="https").secure


def test_j05_a_very_long_chain_is_read_from_its_end() -> None:
    assert asked("10.0.0.1", forwarded_for(", ".join(["127.0.0.1"] * 5000 + ["203.0.113.9"]))).address == "203.0.113.9"


@pytest.mark.parametrize("text", ["proxy.corp.example", "10.0.0.0/33", "10.0.0"])
def test_j05_a_proxy_that_is_no_address_is_told_at_the_start(text: str) -> None:
    with pytest.raises(SettingInvalid, match="no address and no network"):
        read_settings({"CERTLOOM_TRUSTED_PROXIES": f"10.0.0.1, {text}"})


def test_proxies_are_a_list_in_files_and_text_in_the_environment() -> None:
    assert read_settings({"CERTLOOM_TRUSTED_PROXIES": "10.0.0.1, ::1"}).settings.trusted_proxies == ("10.0.0.1", "::1")
    assert read_settings({}, {"trusted_proxies": ["10.0.0.1"]}).settings.trusted_proxies == ("10.0.0.1",)


def test_the_loopback_addresses_are_this_machine() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""))
    assert not any(is_loopback(address) for address in ("192.0.2.1", "::ffff:192.0.2.1", "not-an-address"))
