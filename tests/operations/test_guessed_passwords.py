import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.operations.conftest import PASSWORD, World

from certloom.errors import CertloomError
from certloom.identity.password import PasswordHasher
from certloom.store.accounts import read_account
from certloom.store.change import Change
from certloom.store.meta import MetaRow
from certloom.store.rows import Put

ADDRESS = "192.0.2.7"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at."""
    verify, looked_at = PasswordHasher.verify, []

    def noted(self: PasswordHasher, stored: str | None, password: str) -> bool:
        looked_at.append(password)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return looked_at


async def answers(world: World, name: str, *passwords: str) -> Counter[str]:
    asked = [world.certloom.authenticator.password(name, password, ADDRESS) for password in passwords]
    given: list[Any] = await asyncio.gather(*asked, return_exceptions=True)
    return Counter(type(one).__name__ for one in given)


@pytest.mark.parametrize("name", ["CORP\\bob", "CORP\\nobody"])
async def test_a_burst_of_guesses_gets_hardly_more_of_them_looked_at_than_a_slow_guesser(
    world: World, hashed: list[str], name: str
) -> None:
    threshold = world.services.settings.lockout_threshold
    given = await answers(world, name, *(f"guess number {number}" for number in range(100)))
    assert threshold <= len(hashed) < threshold + 5
    assert given == {"CredentialsRefused": len(hashed), "TooManyFailures": 100 - len(hashed)}


async def test_the_right_password_at_the_end_of_a_burst_is_not_looked_at(world: World, hashed: list[str]) -> None:
    given = await answers(world, "CORP\\bob", *(f"guess number {number}" for number in range(50)), PASSWORD)
    assert PASSWORD not in hashed
    assert "Actor" not in given


async def test_a_disabled_account_costs_as_much_as_any_other(world: World, hashed: list[str]) -> None:
    row = await read_account(world.services.database, "corp\\bob")
    assert row is not None
    disabled = Put(msgspec.structs.replace(row, disabled=1))
    raised = Put(MetaRow(name="security_rev", value="999"))
    await world.services.database.commit(Change(writes=(disabled, raised)))
    with pytest.raises(CertloomError, match="wrong"):
        await world.certloom.authenticator.password("CORP\\bob", PASSWORD, ADDRESS)
    assert hashed == [PASSWORD]
