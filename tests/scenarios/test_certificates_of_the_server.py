from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.operations.conftest import ROOT, World, make_csr, world_of

from certloom.cli.own_certificate import own_certificate
from certloom.operations.roles import ADMINISTRATORS, assign_role
from certloom.operations.templates import TemplateNotAllowed
from certloom.pki.authority import PolicyViolated


@pytest.fixture
async def world(data_folder: Path) -> AsyncIterator[World]:
    async with world_of(data_folder) as opened:
        yield opened


async def test_the_template_of_the_servers_own_certificate_is_no_way_round_policy_and_approval(world: World) -> None:
    await own_certificate(world.certloom)
    with pytest.raises(TemplateNotAllowed, match="certloom-server is for holders of Administrators"):
        await world.enroll("alice", make_csr("localhost"), template="certloom-server")
    assert await world.certificates() == 1


async def test_not_even_an_administrator_gets_other_names_by_it(world: World) -> None:
    await own_certificate(world.certloom)
    await assign_role(world.services, ROOT, ADMINISTRATORS, "CORP\\bob")
    with pytest.raises(PolicyViolated, match=r"bank\.example"):
        await world.enroll("bob", sans={"dns": ["bank.example"]}, template="certloom-server")
    assert await world.certificates() == 1
