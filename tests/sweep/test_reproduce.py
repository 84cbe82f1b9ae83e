"""Running a run's suite again: exact here, within intervals elsewhere, and only with the run's own data and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.factories import tiny_suite
from support.finished_run import change_cell, change_json, copy_of, original_detections, seal
from support.installed import install_boxlist
from support.packages import install

import forgetbench
from forgetbench.data.annotations import load_annotations
from forgetbench.errors import CorruptRunError, InputError
from forgetbench.evaluate.bootstrap import draw_images, over_classes, resample
from forgetbench.evaluate.detections import load_detections
from forgetbench.evaluate.matching import match
from forgetbench.progress import Silent
from forgetbench.proof.pack import pack_run
from forgetbench.proof.run_comparison import LEAST_TOLERANCE, compare_runs, environment_differences
from forgetbench.record.folder import RunFolder
from forgetbench.record.seal import read_seal
from forgetbench.sweep.reproduce import reproduce_run

ORIGINAL = {"arm": "original"}


class Listener(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str, level: str = "info") -> None:
        del level
        self.lines.append(text)


def test_the_same_machine_gives_the_same_bits(small_run: Path, tmp_path: Path) -> None:
    made = reproduce_run(pack_run(small_run, tmp_path / "a.tar.gz").path, output=tmp_path / "new")
    assert made.environment == []
    assert (made.comparison.exact, made.comparison.failures, made.comparison.largest) == (True, [], 0)
    assert made.comparison.rows == 1 + 2 * 2 * 3
    assert made.folder.path == tmp_path / "new" / "small" / small_run.name
    checkpoints = [name for name in read_seal(small_run) if name.startswith("checkpoints/")]
    assert len(checkpoints) == 4
    for name in checkpoints:
        assert (made.folder.path / name).read_bytes() == (small_run / name).read_bytes()


@pytest.mark.parametrize(
    ("stated", "used"),
    [(1, 1), (3, 3), (4, 4), (5, 4), (100_000, 4)],
)
def test_the_threads_are_the_runs_as_far_as_there_are_cores(
    stated: int, used: int, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(small_run, tmp_path)
    before = torch.get_num_threads()
    change_json(run / "manifest.json", lambda content: content["environment"].update(threads=stated))
    seal(run)

    def ready(*_: Any, free_threads: bool) -> None:
        assert not free_threads  # no other number is advised beside other work
        raise InterruptedError

    said = Listener()
    monkeypatch.setattr("forgetbench.sweep.reproduce.run_plan", ready)
    monkeypatch.setattr("forgetbench.sweep.reproduce.available_cores", lambda: 4)
    try:
        with pytest.raises(InterruptedError):
            reproduce_run(run, output=tmp_path / "new", progress=said)
        assert torch.get_num_threads() == used
        assert any("4 cores are available here" in line for line in said.lines) == (stated != used)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("stated", [100_001, 10**400, 0, -1, "3", None, 1.5])
def test_threads_that_no_machine_has_are_no_manifests(stated: object, small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content["environment"].update(threads=stated))
    seal(run)
    with pytest.raises(CorruptRunError, match=r"environment\.threads: not what a run's manifest has here"):
        reproduce_run(run, output=tmp_path / "new")


def test_packages_that_are_not_installed_are_named(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(content: dict[str, Any]) -> None:
        content["suite"]["target"] = {"format": "boxlist", "path": "fruit"}
        content["data"]["target"]["reader"] = "boxlist-reader 1.2"
        content["identity"]["packages"] = {"old-head": "fb-old-head 0.3"}

    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", change)
    seal(run)
    with pytest.raises(InputError) as refused:
        reproduce_run(run, output=tmp_path / "new")
    assert str(refused.value) == (
        f"{run}: the run was made with packages that are not installed here; found fb-old-head 0.3 for the strategy "
        "'old-head', boxlist-reader 1.2 for the format 'boxlist'. Install them in the run's versions, then run the "
        "same command again."
    )
    install_boxlist(tmp_path / "site", monkeypatch)
    with pytest.raises(InputError, match=r"found fb-old-head 0\.3 for the strategy 'old-head'\. Install"):
        reproduce_run(run, output=tmp_path / "new")
    install(tmp_path / "further", "fb-old-head", "0.3", {"old-head": "OldHead"}, "")
    monkeypatch.syspath_prepend(tmp_path / "further")
    with pytest.raises(InputError, match=r"fruit.*--set target\.path=PATH"):  # both are there: now the data are missing
        reproduce_run(run, output=tmp_path / "new")


def test_the_run_itself_is_not_overwritten(small_run: Path) -> None:
    with pytest.raises(InputError, match="that is the run itself"):
        reproduce_run(small_run, output=small_run.parents[1])


def test_only_places_may_be_set(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="train: not the run's suite"):
        reproduce_run(small_run, output=tmp_path, overrides=["train.lr0=0.1"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "what"), [(("target", "train"), "data"), (("originals", "yolov8p-shapes"), "weights")]
)
def test_other_data_or_weights_are_refused(small_run: Path, tmp_path: Path, keys: tuple[str, str], what: str) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content["identity"][keys[0]].update({keys[1]: "0" * 64}))
    seal(run)
    with pytest.raises(InputError, match=f"not the {what} that the run was made with.*--set target.path=PATH"):
        reproduce_run(run, output=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_weights_that_were_named_by_an_absolute_path_may_be_pointed_at(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path / "here", freeze_points=[22], train={"epochs": 1})
    run = forgetbench.run(suite, output=tmp_path / "runs")
    assert dict(run.manifest["suite"])["models"] == ["tiny-yolov8.yaml"]
    assert str(tmp_path) not in (run.path / "manifest.json").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"tiny-yolov8\.yaml.*--set models=\[PATH\]"):
        reproduce_run(run.path, output=tmp_path / "new")
    moved = (tmp_path / "here").rename(tmp_path / "there") / "tiny-yolov8.yaml"
    made = reproduce_run(run.path, output=tmp_path / "new", overrides=[f"models=[{moved}]"])
    assert made.comparison.exact
    assert made.comparison.failures == []
    assert made.folder.path.name == run.path.name


def test_exact_means_every_digit_and_every_bit(small_run: Path, tmp_path: Path) -> None:
    other = copy_of(small_run, tmp_path)
    change_cell(other / "results.csv", "ap", ORIGINAL, lambda text: f"{text[:-1]}{(int(text[-1]) + 1) % 10}")
    (other / "losses.csv").write_text("", encoding="utf-8")
    seal(other)
    found = compare_runs(RunFolder(small_run), RunFolder(other), Silent())
    assert found.exact
    assert [failure.partition(":")[0] for failure in found.failures] == [
        "results.csv (original, yolov8p-shapes, epoch 0, reference, head, one-to-many), ap",
        "losses.csv",
        "results.csv",
    ]


def half_width(run: Path) -> float:
    """Return half the width of the interval over images of the original's AP."""
    detections, about = load_detections(original_detections(run))
    data = load_annotations(RunFolder(run).annotations(about["data"]))
    aps = over_classes(resample(match(data, detections).of_classes, draw_images(len(data.samples), 100, 0)).ap)
    low, high = sorted(aps)[2], sorted(aps)[97]
    return float(high - low) / 2


@pytest.mark.parametrize(("share", "fails"), [(0.5, False), (2.0, True)])
def test_elsewhere_ap_may_differ_by_half_the_interval(
    small_run: Path, tmp_path: Path, share: float, fails: bool
) -> None:
    other, by = copy_of(small_run, tmp_path), share * half_width(small_run)
    assert by > LEAST_TOLERANCE
    change_json(other / "manifest.json", lambda content: content["environment"].update(processor="another"))
    change_cell(other / "results.csv", "ap", ORIGINAL, lambda text: repr(float(text) - by))
    change_cell(other / "results.csv", "ap75", ORIGINAL, lambda _: "0.0")  # has no interval
    found = compare_runs(RunFolder(small_run), RunFolder(other), Silent())
    assert not found.exact
    assert "half the width" in found.tolerance
    assert len(found.failures) == fails


def test_rows_of_one_run_alone_are_a_difference(small_run: Path, tmp_path: Path) -> None:
    other = copy_of(small_run, tmp_path)
    lines = (other / "results.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (other / "results.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    found = compare_runs(RunFolder(small_run), RunFolder(other), Silent())
    assert "freeze-point, one-to-many): only in one of the runs" in found.failures[0]


def test_what_may_change_the_last_bits_is_told_from_what_may_not() -> None:
    before = {
        "packages": {"torch": "2.8", "numpy": "2.0"}, "processor": "A", "cores": 4, "dirty": False,
        "variables": {"OMP_NUM_THREADS": "1"}, "threads": 1,
    }  # fmt: skip
    here = {
        "packages": {"torch": "2.9", "numpy": "2.0"}, "processor": "A", "cores": 8, "dirty": True,
        "variables": {"MKL_CBWR": "AVX2"}, "threads": 1,
    }  # fmt: skip
    found = environment_differences(before, here)
    assert {difference.name for difference in found if difference.decides} == {"torch", "MKL_CBWR"}
    assert {difference.name for difference in found if not difference.decides} == {"cores", "dirty", "OMP_NUM_THREADS"}
    assert "torch: 2.8 then, 2.9 here" in map(str, found)
    assert "MKL_CBWR: none then, AVX2 here" in map(str, found)
    assert environment_differences(before, before) == []
