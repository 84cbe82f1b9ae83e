"""What a process that does a job tells another: the same calls arrive there, and odd lines do no harm."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from forgetbench.progress import Level, Progress
from forgetbench.sweep.executors.relay import Relay, Teller


class Calls:
    """A progress that keeps all calls in order."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def message(self, text: str, level: Level = "info") -> None:
        self.made.append(("message", text, level))

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        self.made.append(("begins", name, total, unit))
        yield lambda done, state: self.made.append(("advances", name, done, state))
        self.made.append(("ends", name))


def relayed(tell: Callable[[Progress], None], clock: Callable[[], float]) -> list[tuple[Any, ...]]:
    """Return the calls that arrive of those made to a teller."""
    calls = Calls()
    relay = Relay("the job", calls)

    def send(line: str) -> None:
        assert "\n" not in line
        relay(f"{line}\n")

    tell(Teller(send, clock))
    relay.close()
    return calls.made


ODD = ["", "é \U0001f600", "a\nb\r\x1b[31m\x00", '{"message": "x"}', "[red]", "\udce4", "x" * 100_000]


def seconds_apart() -> Callable[[], float]:
    passed = iter(range(10**9))
    return lambda: float(next(passed))


def test_the_same_calls_arrive_with_the_jobs_name() -> None:
    def tell(progress: Progress) -> None:
        progress.message("plain")
        for text in ODD:
            progress.message(text, "warning")
        with progress.task("outer", 10, "batch") as outer:
            outer(1, "loss 3")
            with progress.task("inner", 0, "") as inner:
                inner(2, "")
                outer(2, "")
            progress.message("between", "detail")
            outer(10, "")

    calls = Calls()
    tell(calls)
    expected = [
        (kind, f"the job: {said[0]}", *said[1:]) if kind == "message" else (kind, *said) for kind, *said in calls.made
    ]
    assert relayed(tell, seconds_apart()) == expected


@pytest.mark.parametrize("text", ODD)
def test_names_units_and_states_arrive_as_they_are(text: str) -> None:
    def tell(progress: Progress) -> None:
        with progress.task(text, 3, text) as advance:
            advance(1, text)

    made = relayed(tell, seconds_apart())
    assert made == [("begins", text, 3, text), ("advances", text, 1, text), ("ends", text)]


def test_advances_without_news_are_told_now_and_then() -> None:
    now = 0.0

    def tell(progress: Progress) -> None:
        nonlocal now
        with progress.task("t", 1000, "batch") as advance:
            for done in range(1, 1001):
                now += 0.01
                advance(done, "half" if done == 500 else "")

    made = relayed(tell, lambda: now)
    advances = [call[2:] for call in made if call[0] == "advances"]
    assert (500, "half") in advances
    assert 15 <= len(advances) <= 25  # ten seconds, one each half second
    assert [done for done, _ in advances] == sorted(done for done, _ in advances)


def test_a_task_that_fails_ends_there_too() -> None:
    def tell(progress: Progress) -> None:
        with pytest.raises(KeyboardInterrupt), progress.task("t", 3, "batch"):
            raise KeyboardInterrupt

    assert relayed(tell, seconds_apart()) == [("begins", "t", 3, "batch"), ("ends", "t")]


def test_what_is_shown_ends_when_the_process_is_gone_amid_tasks() -> None:
    calls = Calls()
    relay = Relay("j", calls)
    for number, name in enumerate("ab"):
        relay(json.dumps({"begins": number, "name": name, "total": 1, "unit": "u"}))
    relay('{"task": 1, "done": 1, "sta')  # cut by the end of the process
    relay.close()
    relay.close()
    assert calls.made == [
        ("begins", "a", 1, "u"), ("begins", "b", 1, "u"), ("message", 'j: {"task": 1, "done": 1, "sta', "detail"),
        ("ends", "b"), ("ends", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "", "\n", "words of a library\n", "3", "null", "[1]", '"text"', "{", "NaN", '{"other": 1}', "\x1b[31m", "{}",
        "9" * 5000, "[" * 100_000,
        '{"task": 7, "done": 1, "state": ""}', '{"ends": 7}', '{"ends": []}', '{"task": {}}', '{"begins": 1}',
        '{"message": "x"}', '{"begins": 1, "name": "n"}',
    ],
)  # fmt: skip
def test_lines_of_another_kind_do_no_harm(line: str) -> None:
    calls = Calls()
    relay = Relay("j", calls)
    relay(line)
    assert all(call[0] == "message" and call[2] in ("detail", "info") for call in calls.made)
    assert all(call[1].startswith("j: ") for call in calls.made)
    relay(json.dumps({"message": "after", "level": "info"}))
    assert calls.made[-1] == ("message", "j: after", "info")


def test_lines_of_two_threads_do_not_mix() -> None:
    lines: list[str] = []
    teller = Teller(lines.append)
    together = threading.Barrier(2, timeout=60)

    def tell(name: str) -> None:
        together.wait()
        for number in range(300):
            teller.message(f"{name} {number}")

    threads = [threading.Thread(target=tell, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [json.loads(line)["message"] for line in lines]
    for name in "ab":
        assert [text for text in said if text.startswith(name)] == [f"{name} {number}" for number in range(300)]
