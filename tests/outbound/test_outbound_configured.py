"""The purpose ``configured``: an address an administrator set, which may lie inside and is never a metadata service."""

import ssl

import pytest
from pytest_httpserver import HTTPServer
from tests.outbound.conftest import InventedNetwork

from certloom.outbound.guard import AddressRefused
from certloom.outbound.http import ConfiguredHttp, NotReached


@pytest.mark.parametrize(
    ("host", "leads_to"),
    [
        ("vault.example", "169.254.169.254"),
        ("vault.example", "::ffff:169.254.169.254"),
        ("vault.example.", "fd00:ec2::254"),
        ("vault.example", "100.100.100.200"),
        ("METADATA.google.internal.", "10.0.0.1"),
        ("0xa9fea9fe", "169.254.169.254"),
    ],
)
async def test_c06_a_configured_address_never_leads_to_a_metadata_service(host: str, leads_to: str) -> None:
    network = InventedNetwork({host.casefold(): ("10.0.0.1", leads_to)})
    async with ConfiguredHttp(f"http://{host}/v1", network=network) as http:
        with pytest.raises(AddressRefused, match="never reached"):
            await http.ask("GET", "sys/health")
    assert network.looked_up == [host.casefold()]


async def test_c06_the_metadata_service_is_not_reached_by_its_number_either() -> None:
    for host in ("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"):
        async with ConfiguredHttp(f"http://{host}/latest") as http:
            with pytest.raises(AddressRefused, match="never reached"):
                await http.ask("GET", "meta-data")


async def test_a_configured_address_may_lie_inside_and_is_asked_under_its_own_name(
    web: HTTPServer, trust: ssl.SSLContext
) -> None:
    web.expect_request("/v1/hello", headers={"Host": f"api.example:{web.port}"}).respond_with_data("hi")
    network = InventedNetwork({"api.example": ("127.0.0.1",)})
    async with ConfiguredHttp(f"https://api.example:{web.port}/v1", trust=trust, network=network) as http:
        answer = await http.ask("GET", "hello")
    assert (answer.status, answer.body) == (200, b"hi")


async def test_the_certificate_of_a_configured_address_is_checked_against_its_name(
    web: HTTPServer, trust: ssl.SSLContext
) -> None:
    network = InventedNetwork({"other.example": ("127.0.0.1",)})
    async with ConfiguredHttp(f"https://other.example:{web.port}", trust=trust, network=network) as http:
        with pytest.raises(NotReached):
            await http.ask("GET", "hello")
    assert web.log == []


async def test_the_next_address_is_tried_where_one_does_not_answer(web: HTTPServer, trust: ssl.SSLContext) -> None:
    web.expect_request("/hello").respond_with_data("hi")
    network = InventedNetwork({"api.example": ("127.8.8.8", "127.0.0.1")})
    async with ConfiguredHttp(f"https://api.example:{web.port}", trust=trust, network=network) as http:
        assert (await http.ask("GET", "hello")).status == 200


async def test_a_configured_name_without_an_address_is_told() -> None:
    async with ConfiguredHttp("https://nowhere.example", network=InventedNetwork()) as http:
        with pytest.raises(NotReached, match=r"nowhere\.example did not answer"):
            await http.ask("GET", "hello")
