"""The threads that check: everyone gets the answer to what they asked, slow ones hold nobody up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from lienthong.apps.exchange.hub.checking import Checking


@pytest.fixture
def checking() -> Iterator[Checking[int]]:
    found: Checking[int] = Checking(2)
    yield found
    found.close()


def square(number: int) -> int:
    return number * number


async def test_everyone_gets_the_answer_to_what_they_asked(checking: Checking[int]) -> None:
    answers = await asyncio.gather(*(checking.run(partial(square, n)) for n in range(500)))
    assert answers == [n * n for n in range(500)]


async def test_what_goes_wrong_goes_to_the_one_who_asked(checking: Checking[int]) -> None:
    def wrong() -> int:
        raise ZeroDivisionError

    good, bad, last = await asyncio.gather(
        checking.run(lambda: 1),
        checking.run(wrong),
        checking.run(lambda: 3),
        return_exceptions=True,
    )
    assert (good, last) == (1, 3)
    assert isinstance(bad, ZeroDivisionError)


async def test_a_check_that_takes_long_holds_nobody_up(checking: Checking[int]) -> None:
    released = threading.Event()

    def slow() -> int:
        return int(released.wait(15))

    first = asyncio.create_task(checking.run(slow))
    others = [asyncio.create_task(checking.run(partial(square, n))) for n in range(20)]
    assert await asyncio.gather(*others) == [n * n for n in range(20)]
    assert not first.done()
    released.set()
    assert await first == 1


async def test_who_goes_away_is_told_nothing_and_the_rest_goes_on(checking: Checking[int]) -> None:
    released = threading.Event()

    gone = asyncio.create_task(checking.run(lambda: int(released.wait(15))))
    await asyncio.sleep(0.01)
    gone.cancel()
    released.set()
    assert await checking.run(lambda: 7) == 7
    with pytest.raises(asyncio.CancelledError):
        await gone
