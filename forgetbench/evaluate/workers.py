"""Threads that compute side by side, each on its share of the cores, for work that cannot always use several."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Given], Made], inputs: Iterable[Given], workers: int) -> Iterator[Made]:
    """Yield `work` of each input, in order.

    Inputs are drawn only as far ahead as keeps every worker busy. An error ends the iteration where it happened, once
    the work begun by then has ended.
    """
    threads = torch.get_num_threads()
    ahead: deque[Future[Made]] = deque()
    try:
        with ThreadPoolExecutor(
            workers, initializer=torch.set_num_threads, initargs=(max(1, threads // workers),)
        ) as pool:
            try:
                for each in inputs:
                    ahead.append(pool.submit(work, each))
                    if len(ahead) > workers:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for waiting in ahead:
                    waiting.cancel()
    finally:
        torch.set_num_threads(threads)  # a worker's setting becomes the default of threads to come
