"""The commands as users call them: what they print, what they write, and how they exit."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from support import madeup_run
from support.called import call
from support.factories import written_suite

import forgetbench

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_help_names_every_command_and_version() -> None:
    shown = call("--help").output
    assert all(f"  {name}" in shown for name in ("run", "check", "data", "layers", "report", "schema"))
    assert call("--version").output.strip() == f"forgetbench, version {forgetbench.__version__}"


def broken_pickle(folder: Path) -> Path:
    path = folder / "bad.pt"
    torch.save({"model": CliRunner()}, path)
    return path


def empty_dataset(folder: Path) -> Path:
    (folder / "empty" / "images").mkdir(parents=True)
    (folder / "empty" / "labels").mkdir()
    return folder / "empty"


def wrong(folder: Path, name: str) -> tuple[Path, Sequence[str], str]:
    """Return a suite, options and what the error must say, for a kind of wrong input."""
    if name == "missing suite":
        return folder / "none.yaml", (), "no such suite file"
    if name == "unknown key":
        return written_suite(folder), ("--set", "train.epoch=3"), "did you mean 'epochs'?"
    if name == "unknown key in the file":
        return written_suite(folder, train={"learning_rate": 1}), (), "train.learning_rate: unknown key"
    if name == "value of another kind":
        return written_suite(folder, train={"epochs": "many"}), (), "train.epochs: expected a whole number"
    if name == "optimizer auto":
        return written_suite(folder, train={"optimizer": "auto"}), (), "'auto' is refused"
    if name == "freeze point beyond the head":
        return written_suite(folder, freeze_points=[22, 40]), (), "freeze point '40' lies beyond the detection head"
    if name == "attach point beyond the head":
        return written_suite(folder, attach_points=[30]), (), "attach point 30 lies beyond the detection head"
    if name == "reference arm not listed":
        return written_suite(folder, freeze_points=[10]), (), "the reference arm is not among the freeze points"
    if name == "missing data":
        return written_suite(folder, target={"format": "voc", "path": "nowhere", "world": None}), (), "data not found"
    if name == "empty dataset":
        target = {"format": "yolo", "path": str(empty_dataset(folder)), "names": ["a"], "world": None}
        return written_suite(folder, target=target), (), "error: "
    if name == "missing weights":
        return written_suite(folder, model="absent.pt"), (), "weights not found"
    if name == "architecture without pretrain":
        return written_suite(folder), ("--set", "pretrain=null"), "an architecture has no weights to forget"
    if name == "pickle that is no weights":
        return written_suite(folder, model=str(broken_pickle(folder))), (), "refused: the file names 'click"
    if name == "text that is no weights":
        (folder / "bad.pt").write_text("hello", encoding="utf-8")
        return written_suite(folder, model=str(folder / "bad.pt")), (), "not a PyTorch checkpoint"
    assert name == "not YAML"
    (folder / "bad.yaml").write_text("a: [1", encoding="utf-8")
    return folder / "bad.yaml", (), "bad.yaml:1"


@pytest.mark.parametrize(
    "name",
    [
        "missing suite", "unknown key", "unknown key in the file", "value of another kind", "optimizer auto",
        "freeze point beyond the head", "attach point beyond the head", "reference arm not listed", "missing data",
        "empty dataset", "missing weights", "architecture without pretrain", "pickle that is no weights",
        "text that is no weights", "not YAML",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["run", "check"])
def test_wrong_input_is_one_line_and_exit_code_2_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    suite, options, said = wrong(tmp_path, name)
    before = sorted(path for path in tmp_path.rglob("*") if "cache" not in path.parts)
    done = call(command, suite, *options)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
    assert sorted(path for path in tmp_path.rglob("*") if "cache" not in path.parts) == before
    assert not (tmp_path / "cache" / "originals").exists()


@pytest.mark.parametrize("arguments", [("walk",), ("run",), ("run", "x.yaml", "--sett", "a=1"), ("report", "nowhere")])
def test_wrong_usage_is_exit_code_2(arguments: Sequence[str]) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert "Error:" in done.output


def test_a_defect_is_one_line_unless_asked_for_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("forgetbench.sweep.redraw.redraw", fail)
    done = call("report", madeup_run.write_run(tmp_path))
    assert done.exit_code == 1
    assert done.stderr == ("error: unexpected RuntimeError: boom. Run again with -v for the traceback and report it.\n")
