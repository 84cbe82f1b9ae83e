"""`scripts/fuzz`: honest inputs are read, spoilt ones read or refused, and what goes wrong is found and repeated."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fuzzing import session
from fuzzing.__main__ import main
from fuzzing.readers import READERS, Reader
from fuzzing.session import spoilt_input, try_inputs, write_files

#: Readers that build models take a hundred times longer than others.
COUNTS = {"pt": 20, "safetensors": 20, "architecture": 40, "image": 60}
COUNT = 120


@pytest.mark.parametrize("name", READERS)
def test_inputs_that_are_not_spoilt_are_read(name: str, tmp_path: Path) -> None:
    for number, files in enumerate(READERS[name].inputs()):
        write_files(files, tmp_path / str(number))
        READERS[name].read(tmp_path / str(number))


@pytest.mark.parametrize("name", READERS)
def test_spoilt_inputs_are_read_or_refused(name: str) -> None:
    outcomes = list(try_inputs(name, 0, range(COUNTS.get(name, COUNT)), seconds=60))
    assert [str(finding) for _, _, finding in outcomes if finding is not None] == []


def test_an_input_is_the_same_for_the_same_numbers() -> None:
    assert spoilt_input("coco", 3, 5) == spoilt_input("coco", 3, 5)
    assert len({repr(spoilt_input("coco", 3, index)) for index in range(20)}) > 15


def broken(kind: str) -> Reader:
    taken: list[mmap.mmap] = []

    def read(folder: Path) -> object:
        content = (folder / "x").read_bytes()
        if kind == "raises" and content != b"good":
            raise KeyError("x")
        if kind == "ends" and content != b"good":
            os._exit(3)
        if kind == "takes memory":  # of the system, since a process may have kept some that it freed
            taken.append(mmap.mmap(-1, 16 << 20))
            taken[-1].write(bytes(16 << 20))
        return next(iter(_endless())) if kind == "takes time" else None

    return Reader(lambda: [{"x": b"good"}], {"x": lambda _, random: random.choice([b"good", b"bad"])}, read)


def _endless() -> Iterator[int]:
    while True:
        Random(0).random()
        if not session:
            yield 0


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("raises", "KeyError at test_fuzz.py:"),
        ("ends", "ends the process with an exit"),
        ("takes time", "more than 0.2 s"),
        ("takes memory", "more than 1 MiB"),
    ],
)
def test_findings_are_kept_with_what_repeats_them(
    kind: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(READERS, "coco", broken(kind))
    given = [
        "--reader",
        "coco",
        "--count",
        "6",
        "--seconds",
        "0.2" if kind == "takes time" else "5",
        "--memory",
        "1" if kind == "takes memory" else "5000",
    ]
    assert main([*given, "--findings", str(tmp_path)]) == 1
    assert said in capsys.readouterr().out
    kept = sorted(tmp_path.iterdir())[0]
    assert (kept / "files" / "x").exists()
    assert "scripts/fuzz --reader coco --seed 0 --only" in (kept / "finding.txt").read_text()


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--reader", "seal", "--count", "30", "--findings", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("seal: 30 inputs, ")
    assert list(tmp_path.iterdir()) == []
