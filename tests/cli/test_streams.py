"""Commands on terminals, pipes and log files of every kind: what they print, and that they end as their work did."""

import codecs
import errno
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from support.factories import written_suite

from forgetbench.cli import main as cli
from forgetbench.cli.console import ConsoleProgress
from forgetbench.cli.streams import PLAIN, PlainStream, StyledStream, plain_streams

#: What a stream of the encoding shows of a minus, a dash, an ellipsis, an e with an accent and a Chinese character.
SHOWN = {
    "ascii": "-5 - ... ? ?",
    "latin-1": "-5 - ... é ?",
    "cp1252": "-5 – … é ?",
    "iso2022_jp": "−5 - … ? 猫",
    "cp437": "-5 - ... é ?",
    "koi8-r": "-5 - ... ? ?",
    "gbk": "-5 – … é 猫",
    "utf-16": "−5 – … é 猫",
    "utf-8": "−5 – … é 猫",
}


def captured(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Put a stream of an encoding in the place of standard output and return its bytes."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    return raw


def ended(*arguments: object) -> object:
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    return end.value.code


@pytest.mark.parametrize("encoding", SHOWN)
def test_a_stream_shows_what_its_encoding_has(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = captured(encoding, monkeypatch)
    with plain_streams():
        sys.stdout.write("−5 – … é 猫")
    assert raw.getvalue().decode(encoding).strip() == SHOWN[encoding]


def test_control_characters_are_shown_and_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = captured("utf-8", monkeypatch)
    with plain_streams():
        sys.stdout.write("a\x1b]0;title\x07\rb\u202ec\nd\te\n")
        StyledStream(sys.stdout).write("\x1b[31mred\x1b[0m\x1b]8;;http://x\x07\n")  # type: ignore[arg-type]
    assert raw.getvalue().decode() == (
        "a\\x1b]0;title\\x07\\rb\\u202ec\nd\te\n\x1b[31mred\x1b[0m\\x1b]8;;http://x\\x07\n"
    )


def test_half_a_character_is_a_question_mark_whatever_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = captured("utf-8", monkeypatch)
    with plain_streams():
        sys.stdout.write("a\ud800b\udcffc")
    assert raw.getvalue() == b"a?b?c"


def test_what_stands_for_characters_is_ascii() -> None:
    assert all(plain.isascii() and not sign.isascii() for sign, plain in PLAIN.items())


def test_every_command_prints_in_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite, output = written_suite(tmp_path, freeze_points=[22]), tmp_path / "runs"
    assert ended("run", suite, "-q", "--set", "train.epochs=1", "-o", output) == 0
    made = next(output.glob("*/*"))
    for arguments in (
        ["run", suite, "--set", "train.epochs=1", "-o", output],
        ["check", suite],
        ["verify", made],
        ["report", made],
        ["data", "list", "-v"],
        ["layers", "yolov8n.yaml"],
        ["schema"],
        ["--help"],
        ["new", "--help"],
    ):
        raw = captured("ascii", monkeypatch)
        assert ended(*arguments) == 0, raw.getvalue()
        assert len(raw.getvalue().decode("ascii")) > 20


def test_a_bar_is_drawn_in_what_the_terminal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    raw = captured("ascii", monkeypatch)
    with plain_streams():
        from rich.console import Console

        screen = Console(force_terminal=True, width=120)
        with ConsoleProgress(screen, quiet=False, verbose=False).task("training −", 2, "batch") as advance:
            advance(2, "loss …")
    assert "training -" in raw.getvalue().decode("ascii")
    assert "loss ..." in raw.getvalue().decode("ascii")


class _Failing(io.StringIO):
    """A stream that fails as the system would."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.asked = number, 0

    def write(self, text: str) -> int:
        self.asked += 1
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(("number", "lost"), [(errno.EPIPE, False), (errno.EBADF, False), (errno.ENOSPC, True)])
def test_a_stream_that_fails_drops_the_rest_and_says_whether_somebody_waits_for_it(number: int, lost: bool) -> None:
    below = _Failing(number)
    stream = PlainStream(below)
    assert [stream.write("one"), stream.write("two")] == [3, 3]
    stream.flush()
    assert below.asked == 1
    assert stream.lost == (os.strerror(number) if lost else None)


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["run"], 2)])
def test_a_reader_that_goes_away_changes_no_exit_code(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", _Failing(errno.EPIPE))
    monkeypatch.setattr(sys, "stderr", _Failing(errno.EPIPE))
    assert ended(*arguments) == code


def test_output_lost_to_a_full_disk_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", _Failing(errno.ENOSPC))
    assert ended("--version") == 1
    assert capsys.readouterr().err == "error: standard output cannot be written: No space left on device\n"
    monkeypatch.setattr(sys, "stdout", _Failing(errno.ENOSPC))
    assert ended("check", "no-such.yaml") == 2


def test_streams_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stdout, sys.stderr
    ended("--version")
    assert (sys.stdout, sys.stderr) == before


def in_shell(line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = line.replace("forgetbench", f"'{sys.executable}' -m forgetbench")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("forgetbench data list", 0, b""),
        ("forgetbench data list | head -1", 0, b""),
        ("forgetbench data list >&-", 0, b""),
        ("forgetbench data list <&- >&- 2>&-", 0, b""),
        ("forgetbench nonsense 2>&-", 2, b""),
        (
            "forgetbench data list > /dev/full",
            1,
            b"error: standard output cannot be written: No space left on device\n",
        ),
    ],
)
def test_in_a_shell(line: str, code: int, said: bytes) -> None:
    done = in_shell(line, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (code, said)


def test_in_a_locale_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "名.yaml").write_text("name: 名\n", encoding="utf-8")
    done = in_shell(
        f"cd '{tmp_path}'; forgetbench data check *.yaml", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert done.returncode == 2
    assert done.stderr.startswith(rb"error: \udce5\udc90\udc8d.yaml: ")


def test_on_a_terminal_of_another_encoding() -> None:
    """A pseudo-terminal, whose reader hears what a user would see."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "forgetbench", "data", "list"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "TERM": "xterm", "COLUMNS": "60"}
    with subprocess.Popen(command, stdout=writer, stderr=writer, env=environment) as running:
        os.close(writer)
        seen = b""
        while True:
            try:
                seen += (part := os.read(reader, 4096))
            except OSError:  # what Linux says when the other side has closed
                break
            if not part:
                break
    os.close(reader)
    assert running.returncode == 0
    assert b"licence" in seen
    assert codecs.decode(seen, "latin-1").isascii()
