"""Jobs done one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from forgetbench.sweep.executor import LocalExecutor

SITE: Any = object()


@dataclass(frozen=True)
class Told:
    """A job that notes that it was done, and gives its name in capitals."""

    name: str
    done: list[str]
    after: Sequence[str] = ()

    def do(self, site: Any) -> str:
        assert site is SITE
        self.done.append(self.name)
        return self.name.upper()


def test_jobs_are_done_in_order_and_give_what_they_give() -> None:
    done: list[str] = []
    jobs = [Told("a", done), Told("b", done, ["a"]), Told("c", done, ["a", "b"])]
    assert LocalExecutor().run(jobs, SITE) == {"a": "A", "b": "B", "c": "C"}
    assert done == ["a", "b", "c"]
    assert LocalExecutor().run([], SITE) == {}


def test_a_job_whose_time_has_not_come_is_not_done() -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="b comes before x, y"):
        LocalExecutor().run([Told("a", done), Told("b", done, ["x", "a", "y"])], SITE)
    assert done == ["a"]
