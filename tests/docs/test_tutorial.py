"""The tutorial's terminal output, held against what its commands print now.

A block of docs/tutorial.md that begins with `$` is a command and its output. What may differ:

- `…` alone on a line stands for any number of lines, and `…/` in a path for the folder before it.
- Durations are not compared, nor how many spaces lie between two columns.
- Step 5 takes a quarter of an hour as the page has it. Here it runs the same arms and seeds on a few drawn images, so
  its numbers, which the page has from the real run, are compared as being there, not by value.

`check` runs at 64 px instead of 320: of what it prints only the times change.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from support.finished_run import small_suite

from forgetbench.cli import main as cli

PAGE = (Path(__file__).parents[2] / "docs/tutorial.md").read_text("utf-8")
#: Output by command, in order.
SHOWN = dict(re.findall(r"^```\n\$ ([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
NEW = 'forgetbench new blood --data "$(forgetbench data path bccd)"'
CHECK = "forgetbench check blood.yaml"
RUN = "forgetbench run blood.yaml"
NUMBER = r"[+−]?\d[\d,.]*"
DURATION = r"\b\d+ (?:h \d\d min|min(?: \d\d s)?|s)\b"


def test_all_commands_with_output_are_covered() -> None:
    assert list(SHOWN) == [NEW, CHECK, RUN]


def test_new_and_check_print_what_the_page_shows(assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_ASSETS", str(assets))
    data = called("forgetbench data path bccd").strip()
    printed = called(NEW.replace('"$(forgetbench data path bccd)"', shlex.quote(data)))
    assert_shown(NEW, printed.replace(str(Path(data).parent), "…"))

    suite = Path("blood.yaml")
    before, after = "seeds: [0] ", "seeds: [0, 1, 2] "
    assert f"`{before.strip()}`" in PAGE
    assert f"`{after.strip()}`" in PAGE
    text = suite.read_text("utf-8")
    assert text.count(before) == 1
    suite.write_text(text.replace(before, after), "utf-8")
    assert_shown(CHECK, called(f"{CHECK} --set train.imgsz=64"))


def test_a_run_ends_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    train = {**small_suite()["train"], "epochs": 1, "imgsz": 64}
    suite = small_suite(train=train, seeds=[0, 1, 2], freeze_points=["all-but-head", "backbone", "none"], claims=[])
    Path("blood.yaml").write_text(yaml.safe_dump(suite), "utf-8")
    printed = called(RUN)
    for here, there in {
        "yolov8p-shapes": "yolov8n",
        "shapes-fine": "blood",
        "shapes-general": "coco-val128 (subset)",
    }.items():
        printed = printed.replace(here, there)
    assert_shown(RUN, printed, blank=NUMBER)


def called(command: str) -> str:
    """Return what a command prints."""
    done = CliRunner(env={"COLUMNS": "120"}).invoke(cli.main, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    return done.stdout


def assert_shown(command: str, printed: str, blank: str = DURATION) -> None:
    """Compare lines without what `blank` matches; those between two `…` have to follow each other."""
    lines = blanked(printed, blank)
    at = 0
    for position, passage in enumerate(re.split(r"^…\n", SHOWN[command], flags=re.MULTILINE)):
        wanted = blanked(passage, blank)
        starts = range(at, len(lines) - len(wanted) + 1) if position else [0]
        found = next((start for start in starts if lines[start : start + len(wanted)] == wanted), None)
        assert found is not None, f"{command} no longer prints\n{passage}\nbut\n{printed}"
        at = found + len(wanted)
    assert at == len(lines) or SHOWN[command].endswith("…\n"), f"{command} goes on with {lines[at:]}"


def blanked(text: str, blank: str) -> list[str]:
    return [re.sub(r" {2,}", " ", re.sub(blank, "#", line.rstrip())) for line in text.splitlines()]
