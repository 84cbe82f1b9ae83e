"""A run's folder as Python sees it."""

from pathlib import Path

import pytest
from support.finished_run import copy_of

import forgetbench
from forgetbench.derive.catalogue import tables_of


def test_every_table_is_a_frame(small_run: Path) -> None:
    run = forgetbench.open_run(small_run)
    assert {f"{name}.csv" for name in run.tables} == (due := {table.name for table in tables_of(run.manifest)})
    assert len(run.tables) == len(due)
    assert run.tables["results"].equals(run.results())
    for name, frame in run.tables.items():
        header = (small_run / f"{name}.csv").read_text(encoding="utf-8").partition("\n")[0]
        assert list(frame.columns) == header.split(",")
    with pytest.raises(KeyError, match=r"no table 'result' in .*; there are batchnorm, .*, times"):
        run.tables["result"]


def test_charts_summary_and_checkpoints_are_those_of_the_folder(small_run: Path) -> None:
    run = forgetbench.open_run(small_run)
    assert run.complete
    assert repr(run) == f"Run('{small_run}')"
    assert run.summary == (small_run / "summary.md").read_text(encoding="utf-8")
    assert {path.suffix for path in run.figures} == {".png", ".svg"}
    assert set(run.figures) == set((small_run / "figures").iterdir())
    assert [(made.arm, made.epoch) for made in run.checkpoints] == [
        (f"yolov8p-shapes-freeze{point}-seed0", epoch) for point in (10, 22) for epoch in (1, 2)
    ]
    assert {made.path for made in run.checkpoints} == set((small_run / "checkpoints").rglob("*.safetensors"))
    assert [arm["arm"] for arm in run.manifest["arms"]] == [
        "yolov8p-shapes-freeze22-seed0", "yolov8p-shapes-freeze10-seed0"
    ]  # fmt: skip


def test_an_unfinished_run_opens_and_says_what_is_missing(small_run: Path, tmp_path: Path) -> None:
    folder = copy_of(small_run, tmp_path)
    for name in ("DONE", "results.csv", "summary.md"):
        (folder / name).unlink()
    run = forgetbench.open_run(folder)
    assert not run.complete
    assert repr(run).endswith("# not finished")
    assert "results" not in run.tables
    with pytest.raises(forgetbench.CorruptRunError, match="no such table"):
        run.results()
    with pytest.raises(forgetbench.CorruptRunError, match="no summary"):
        _ = run.summary


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(forgetbench.InputError, match="no such run; expected the folder of a run"):
        forgetbench.open_run(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "results.csv", "summary.md", "figures", "checkpoints/mine"])
def test_a_run_in_which_a_link_leads_elsewhere_is_not_opened(small_run: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(small_run, tmp_path)
    if (folder / name).exists():
        (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(forgetbench.CorruptRunError, match=f"{name}: not a regular file"):
        forgetbench.open_run(folder)


def test_a_summary_that_is_no_text_is_named(small_run: Path, tmp_path: Path) -> None:
    folder = copy_of(small_run, tmp_path)
    (folder / "summary.md").write_bytes(b"\xff\xfe")
    with pytest.raises(forgetbench.CorruptRunError, match=r"summary\.md: not readable; expected text in UTF-8"):
        _ = forgetbench.open_run(folder).summary
