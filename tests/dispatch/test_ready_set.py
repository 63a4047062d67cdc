import asyncio

from certloom.dispatch.in_process import InProcessDispatcher


async def test_instances_come_in_the_order_they_became_ready_and_once() -> None:
    dispatcher = InProcessDispatcher()
    dispatcher.wake(["a", "b"])
    dispatcher.wake(["a", "c"])
    assert [await dispatcher.next() for _ in range(3)] == ["a", "b", "c"]
    waiting = asyncio.create_task(dispatcher.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    dispatcher.committed(["a"], [])
    assert await waiting == "a"


async def test_several_takers_share_what_is_ready() -> None:
    dispatcher = InProcessDispatcher()
    takers = [asyncio.create_task(dispatcher.next()) for _ in range(3)]
    await asyncio.sleep(0)
    dispatcher.wake(["a", "b", "c"])
    assert sorted(await asyncio.gather(*takers)) == ["a", "b", "c"]


async def test_everybody_who_waits_learns_that_an_instance_settled_and_nobody_else_does() -> None:
    dispatcher = InProcessDispatcher()
    first, second, other = (dispatcher.settling(name) for name in ("a", "a", "b"))
    dispatcher.committed([], ["a"])
    assert [future.done() for future in (first, second, other)] == [True, True, False]
    dispatcher.forget("a", first)
    dispatcher.forget("b", other)
    assert dispatcher._waiting == {}


async def test_one_who_gave_up_is_passed_over() -> None:
    dispatcher = InProcessDispatcher()
    given_up, patient = dispatcher.settling("a"), dispatcher.settling("a")
    given_up.cancel()
    dispatcher.committed([], ["a"])
    assert patient.done()


async def test_forgetting_one_keeps_the_others() -> None:
    dispatcher = InProcessDispatcher()
    first, second = dispatcher.settling("a"), dispatcher.settling("a")
    dispatcher.forget("a", first)
    dispatcher.committed([], ["a"])
    assert (first.done(), second.done()) == (False, True)
