"""Many requests' work in one transaction: while one is committed, the next ones gather."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

MOST = 200

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batches(Generic[Item, Answer]):
    """Does the work of `put` items, all that wait at once, in a thread; for one event loop."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], most: int = MOST):
        """`work` gives the items' answers in their order; its errors are those of `put`."""
        self._work = work
        self._most = most
        self._thread = ThreadPoolExecutor(1, "batches")
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Answer:
        """The item's answer, once its batch is done."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await future

    def close(self) -> None:
        """End the thread once what it does is done."""
        self._thread.shutdown()

    async def _run(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._do(taken)
        finally:
            self._runner = None

    async def _do(self, taken: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(self._thread, self._work, [item for item, _ in taken])
            answers = await work
        except Exception as error:
            if len(taken) > 1 and not isinstance(error, SQLAlchemyError):
                for one in taken:  # whose fault it is suffers alone
                    await self._do([one])
                return
            for _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():  # whoever asked may have gone
                future.set_result(answer)
