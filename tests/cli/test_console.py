import io
import re
import threading
import time

import pytest
from rich.console import Console

from forgetbench.cli import console
from forgetbench.cli.console import ConsoleProgress, clock, show, size, table


def screen(*, terminal: bool) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=120), text


def test_without_a_terminal_progress_is_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    made, text = screen(terminal=False)
    with ConsoleProgress(made, quiet=False, verbose=False).task("training", 10, "batch") as advance:
        advance(1, "loss 3")
        advance(5, "")
        advance(6, "")
    assert text.getvalue().splitlines() == [
        "training: 10 batches",
        "training: 5/10, 0.25 batch/s, 20 s left loss 3",
        "training: done in 40 s",
    ]


def test_a_terminal_gets_a_bar_with_rate_and_time_left() -> None:
    made, text = screen(terminal=True)
    with ConsoleProgress(made, quiet=False, verbose=False).task("training", 2, "batch") as advance:
        advance(1, "loss 3")
        advance(2, "")
    shown = text.getvalue()
    assert "training" in shown
    assert "2/2" in shown
    assert "batch/s" in shown
    assert "left" in shown


def test_quiet_says_only_warnings_and_verbose_says_details() -> None:
    made, text = screen(terminal=False)
    quiet = ConsoleProgress(made, quiet=True, verbose=False)
    quiet.message("words")
    quiet.message("careful", "warning")
    with quiet.task("training", 1, "batch") as advance:
        advance(1, "")
    ConsoleProgress(made, quiet=False, verbose=False).message("detail", "detail")
    ConsoleProgress(made, quiet=False, verbose=True).message("more", "detail")
    assert text.getvalue().splitlines() == ["warning: careful", "more"]


def test_durations_and_sizes() -> None:
    assert [clock(s) for s in (0.4, 59.4, 61, 7260)] == ["0 s", "59 s", "1 min 01 s", "2 h 01 min"]
    assert [size(n) for n in (12, 1500, 2.5e6, 3e9, 4e12)] == ["12 B", "1.5 kB", "2.5 MB", "3.0 GB", "4.0 TB"]


def test_tables_keep_every_cell() -> None:
    made, text = screen(terminal=False)
    made.print(table("Title", ["name", "value"], [["a", "1"], ["longer", "23"]]))
    assert [line.split() for line in text.getvalue().splitlines()] == [
        ["Title"], ["name", "value"], ["a", "1"], ["longer", "23"]
    ]  # fmt: skip


def test_messages_are_printed_as_they_are() -> None:
    screen = Console(width=80, record=True)
    progress = ConsoleProgress(screen, quiet=False, verbose=False)
    progress.message("pip install 'forgetbench[cam]'")
    progress.message("names: [bold]", "warning")
    assert screen.export_text() == "pip install 'forgetbench[cam]'\nwarning: names: [bold]\n"


@pytest.mark.parametrize("width", [1, 20, 40])
def test_a_narrow_screen_leaves_out_no_column(width: int) -> None:
    text = io.StringIO()
    made = Console(file=text, width=width)
    show(made, table("t", ["arm", "trainable", "forgetting", "gain"], [["none (0)", "100.0 %", "12.5", "3.25"]]))
    for word in ("none", "100.0", "12.5", "3.25", "forgetting"):
        assert word in text.getvalue()
    assert made.width == width


#: A name that would colour, rename the terminal's window, be rich's markup, and begin a line that looks like ours.
HOSTILE = "x\x1b[31m\x1b]0;t\x07[red]y[/red][link=http://z]\nerror: all is lost\r\u202e"
SHOWN = r"x\x1b[31m\x1b]0;t\x07[red]y[/red][link=http://z]\nerror: all is lost\r\u202e"


@pytest.mark.parametrize("terminal", [True, False])
def test_names_from_outside_are_shown_on_one_line_and_not_obeyed(terminal: bool) -> None:
    text = io.StringIO()
    made = Console(file=text, force_terminal=terminal, width=400, _environ={"TERM": "xterm"})
    progress = ConsoleProgress(made, quiet=False, verbose=True)
    progress.message(HOSTILE)
    progress.message(HOSTILE, "warning")
    with progress.task(HOSTILE, 1, "batch") as advance:
        advance(1, HOSTILE)
    console.say(made, HOSTILE)
    console.say_whole(made, HOSTILE, style="yellow")
    console.entry(made, "part", HOSTILE)
    show(made, table(HOSTILE, [HOSTILE, "value"], [[HOSTILE, "1"]]))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text.getvalue())
    assert "".join(c for c in plain if not c.isprintable() and c != "\n") == ""
    assert not any(line.startswith("error") for line in plain.splitlines())
    assert plain.count(SHOWN) >= 9


def cleared(text: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.getvalue())


def test_two_tasks_of_two_threads_are_shown_together() -> None:
    text = io.StringIO()
    made = Console(file=text, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    progress = ConsoleProgress(made, quiet=False, verbose=False)
    both = threading.Barrier(2, timeout=60)
    failed: list[BaseException] = []

    def work(name: str, total: int, state: str) -> None:
        try:
            with progress.task(name, total, "batch") as advance:
                for done in range(1, total + 1):
                    both.wait()  # neither ends before the other is shown
                    advance(done, state)
                    progress.message(f"{name} {done}")
                both.wait()
        except BaseException as error:
            failed.append(error)
            both.abort()

    threads = [threading.Thread(target=work, args=given) for given in (("one", 3, "loss 1"), ("two", 3, "[red]"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    last = [line for line in re.split("[\r\n]", cleared(text)) if "batch/s" in line][-2:]
    assert sorted(line.split()[0] for line in last) == ["one", "two"]
    for line, state in zip(sorted(last), ("loss 1", "[red]"), strict=True):
        assert "3/3" in line
        assert state in line
    assert all(f"{name} {done}" in cleared(text) for name in ("one", "two") for done in (1, 2, 3))


def test_a_task_after_another_is_shown_alone_and_leaves_nothing_behind() -> None:
    text = io.StringIO()
    made = Console(file=text, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    progress = ConsoleProgress(made, quiet=False, verbose=False)
    with progress.task("first", 2, "image") as advance:
        advance(2, "")
    shown = len(text.getvalue())
    with pytest.raises(KeyboardInterrupt), progress.task("second", 4, "image") as advance:
        advance(1, "x")
        raise KeyboardInterrupt
    again = len(text.getvalue())
    with progress.task("third", 1, "image"):
        pass
    progress.message("the end")
    assert "first" not in text.getvalue()[shown:]
    assert "1/4" in text.getvalue()[shown:again]
    assert "second" not in text.getvalue()[again:]
    assert cleared(text).endswith("the end\n")
    assert text.getvalue().count("\x1b[?25h") == text.getvalue().count("\x1b[?25l") == 3  # the cursor is back


def test_a_task_within_another_goes_on_when_that_ends_first() -> None:
    text = io.StringIO()
    made = Console(file=text, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    progress = ConsoleProgress(made, quiet=False, verbose=False)
    outer, inner = progress.task("outer", 2, "image"), progress.task("inner", 5, "image")
    outer.__enter__()(1, "")
    advance = inner.__enter__()
    outer.__exit__(None, None, None)
    advance(5, "all")
    inner.__exit__(None, None, None)
    last = [line for line in re.split("[\r\n]", cleared(text)) if "image/s" in line][-2:]
    assert any("inner" in line and "5/5" in line and "all" in line for line in last)
