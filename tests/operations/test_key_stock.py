import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certloom.operations import key_stock
from certloom.operations.key_stock import KeyNotReady, KeyStock


@pytest_asyncio.fixture
async def stock() -> AsyncIterator[KeyStock]:
    made = KeyStock(2)
    filling = asyncio.create_task(made.fill())
    yield made
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)


async def filled(stock: KeyStock, number: int) -> None:
    async with asyncio.timeout(60):
        while stock.kept("RSA-2048") < number:  # noqa: ASYNC110 - nobody but this test wants to know
            await asyncio.sleep(0.01)


async def test_a_stock_fills_up_to_its_size_and_no_further(stock: KeyStock) -> None:
    stock.want(["RSA-2048", "P-256"])
    await filled(stock, 2)
    await stock.take("P-256")
    assert (stock.kept("RSA-2048"), stock.kept("P-256")) == (2, 0)


async def test_a_key_from_the_stock_is_there_at_once_and_given_once(stock: KeyStock) -> None:
    stock.want(["RSA-2048"])
    await filled(stock, 2)
    taking = stock.take("RSA-2048")
    # Nothing to wait for: the coroutine ends at its first step.
    with pytest.raises(StopIteration) as first:
        taking.send(None)
    second = await stock.take("RSA-2048")
    assert isinstance(first.value.value, rsa.RSAPrivateKey)
    assert isinstance(second, rsa.RSAPrivateKey)
    assert first.value.value.private_numbers() != second.private_numbers()


async def test_who_asks_before_a_key_is_made_waits_for_it(stock: KeyStock) -> None:
    keys = await asyncio.gather(*(stock.take("RSA-2048") for _ in range(4)))
    assert len({key.private_numbers().p for key in keys if isinstance(key, rsa.RSAPrivateKey)}) == 4


async def test_somebody_who_went_away_does_not_take_a_key_along(stock: KeyStock) -> None:
    gone = asyncio.create_task(stock.take("RSA-2048"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await filled(stock, 2)


async def test_a_key_on_a_curve_needs_no_stock() -> None:
    assert isinstance(await KeyStock().take("P-384"), ec.EllipticCurvePrivateKey)


async def test_more_waiting_requests_than_can_be_served_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_stock, "_MOST_WAITING", 1)
    stock = KeyStock()
    waiting = asyncio.create_task(stock.take("RSA-2048"))
    await asyncio.sleep(0)
    with pytest.raises(KeyNotReady, match="1 requests wait"):
        await stock.take("RSA-2048")
    waiting.cancel()


async def test_a_key_that_is_not_made_in_time_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_stock, "_LONGEST_WAIT", 0.0)
    with pytest.raises(KeyNotReady, match="ask for an ECC key, or raise key_stock"):
        await KeyStock().take("RSA-2048")
