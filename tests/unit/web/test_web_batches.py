"""Work that gathers: in order, together, and nobody suffers for another's fault."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import OperationalError

from outreach.web.batches import Batches


def test_what_comes_while_one_is_done_is_done_together() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int]:
        done.append(list(items))
        begun.set()
        assert go_on.wait(20)
        return [item * 10 for item in items]

    async def ask() -> list[int]:
        batches: Batches[int, int] = Batches(work, most=3)
        first = asyncio.create_task(batches.put(1))
        await asyncio.to_thread(begun.wait, 20)
        others = [asyncio.create_task(batches.put(item)) for item in (2, 3, 4, 5)]
        await asyncio.sleep(0)
        go_on.set()
        answers = await asyncio.gather(first, *others)
        batches.close()
        return answers

    assert asyncio.run(ask()) == [10, 20, 30, 40, 50]
    assert done == [[1], [2, 3, 4], [5]]


def test_one_that_fails_fails_alone() -> None:
    def work(items: Sequence[int]) -> list[int]:
        if 2 in items:
            raise ValueError(items)
        return list(items)

    found = asyncio.run(_all_of(work))

    assert [type(each) for each in found] == [int, ValueError, int]


def test_a_database_that_is_away_fails_for_all_at_once() -> None:
    calls: list[int] = []

    def work(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        raise OperationalError("", None, Exception())

    found = asyncio.run(_all_of(work))

    assert {type(each) for each in found} == {OperationalError}
    assert calls == [3]


async def _all_of(work: object) -> list[object]:
    batches: Batches[int, int] = Batches(work)  # type: ignore[arg-type]
    found = await asyncio.gather(*map(batches.put, (1, 2, 3)), return_exceptions=True)
    batches.close()
    return list(found)


@pytest.mark.parametrize("most", [1, 200])
def test_who_has_gone_holds_nobody_up(most: int) -> None:
    async def ask() -> int:
        batches: Batches[int, int] = Batches(list, most=most)
        gone = asyncio.create_task(batches.put(1))
        stays = asyncio.create_task(batches.put(2))
        await asyncio.sleep(0)
        gone.cancel()
        answer = await stays
        batches.close()
        return answer

    assert asyncio.run(ask()) == 2
