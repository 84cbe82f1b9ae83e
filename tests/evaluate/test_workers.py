import threading
from collections.abc import Iterator

import pytest
import torch

from forgetbench.evaluate.workers import side_by_side


def test_results_come_in_order_and_inputs_are_drawn_as_they_are_needed() -> None:
    drawn: list[int] = []

    def inputs() -> Iterator[int]:
        for number in range(20):
            drawn.append(number)
            yield number

    made = side_by_side(lambda number: number * number, inputs(), workers=3)
    assert next(made) == 0
    assert len(drawn) == 4
    assert list(made) == [number * number for number in range(1, 20)]


def test_workers_run_at_once_and_threads_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before, meeting = torch.get_num_threads(), threading.Barrier(2, timeout=30)
    assert len(set(side_by_side(lambda _: (meeting.wait(), threading.get_ident())[1], range(2), workers=2))) == 2
    assert torch.get_num_threads() == before


def test_an_error_ends_it() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    made = side_by_side(work, range(1000), workers=2)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(made)
