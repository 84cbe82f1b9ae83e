"""How a run made again compares with the first."""

from pathlib import Path

import pytest
from support.finished_run import change_cell, change_json, copy_of, seal

from forgetbench.progress import Silent
from forgetbench.proof.run_comparison import Comparison, EnvironmentDifference, compare_runs, environment_differences
from forgetbench.record.folder import RunFolder


def test_what_differs_between_environments_and_whether_it_decides() -> None:
    before = {
        "python": "3.11",
        "packages": {"torch": "2", "rich": None},
        "cores": 2,
        "variables": {"OMP_NUM_THREADS": "1"},
    }
    here = {"python": "3.11", "packages": {"torch": "3", "rich": "1"}, "cores": 4, "variables": {}}
    assert environment_differences(before, before) == []
    found = environment_differences(before, here)
    assert found == [
        EnvironmentDifference("cores", 2, 4, False),
        EnvironmentDifference("rich", None, "1", True),
        EnvironmentDifference("torch", "2", "3", True),
        EnvironmentDifference("OMP_NUM_THREADS", "1", None, False),
    ]
    assert str(found[1]) == "rich: none then, 1 here"


def test_a_copy_is_equal_to_the_last_bit(small_run: Path, tmp_path: Path) -> None:
    found = compare_runs(RunFolder(small_run), RunFolder(copy_of(small_run, tmp_path)), Silent())
    assert found == Comparison(True, 13, 0.0, [])
    assert found.tolerance.startswith("nothing: ")


def test_in_the_same_environment_every_digit_and_every_byte_counts(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_cell(run / "results.csv", "ap", {"arm": "original"}, lambda text: str(float(text) - 0.25))
    next((run / "checkpoints").rglob("*.safetensors")).write_bytes(b"other")
    seal(run)
    found = compare_runs(RunFolder(small_run), RunFolder(run), Silent())
    assert found.largest == pytest.approx(0.25)
    assert [text.partition(":")[0].partition(" (")[0] for text in found.failures] == [
        "results.csv", next(text for text in found.failures if text.startswith("checkpoints/")).partition(":")[0],
        "results.csv",
    ]  # fmt: skip
    assert found.failures[0].startswith(
        "results.csv (original, yolov8p-shapes, epoch 0, reference, head, one-to-many), ap: "
    )


def test_elsewhere_ap_may_differ_by_half_its_interval_and_others_are_not_judged(
    small_run: Path, tmp_path: Path
) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content["environment"].update(processor="another"))
    change_cell(run / "results.csv", "ap", {"arm": "original"}, lambda text: str(float(text) - 0.004))
    change_cell(run / "results.csv", "ap75", {"arm": "original"}, lambda text: str(float(text) - 0.3))
    found = compare_runs(RunFolder(small_run), RunFolder(run), Silent())
    assert (found.exact, found.failures) == (False, [])
    assert found.largest == pytest.approx(0.3)
    assert found.tolerance.startswith("half the width of each AP's and AP50's 95 % interval")
    change_cell(run / "results.csv", "ap50", {"arm": "original"}, lambda _: "0.01")
    change_cell(run / "results.csv", "arm", {"arm": "original"}, lambda _: "other")
    failures = compare_runs(RunFolder(small_run), RunFolder(run), Silent()).failures
    assert [text.rpartition(": ")[2] for text in failures] == ["only in one of the runs"] * 2
