"""Means over seeds of what last checkpoints reach at operating points."""

from pathlib import Path
from typing import Any

from support import madeup_run

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.operating import POINTS, SHOWN, Standings, measure_at, standings, thresholds
from forgetbench.record.rows.scores import OperatingRow
from forgetbench.record.table_files import read_tables
from forgetbench.suite.measures import Measure

TARGET = {(22, 0, 1): 0.2, (10, 0, 1): 0.3, (22, 1, 1): 0.2, (10, 1, 1): 0.5}
RECALL = {(22, 0): 0.4, (22, 1): 0.2, (10, 0): 0.9, (10, 1): 0.7}


def row(freeze_point: int, seed: int, recall: float | None, **changes: Any) -> OperatingRow:
    cells = {
        "model": "yolo", "arm": madeup_run.arm_name(freeze_point, seed), "seed": seed, "epoch": 1, "role": "target",
        "attach": None, "head": "one-to-many", "point": "0.25", "threshold": 0.25, "recall": recall, "precision": None,
        "f1": 0.5, "right": 1, "wrong": 1, "objects": 1, "detections": "x.safetensors",
    }  # fmt: skip
    return OperatingRow(**{**cells, **changes})


def target(folder: Path, baseline: str | None, *more: OperatingRow) -> Standings:
    about = madeup_run.manifest(seeds=(0, 1))
    evidence = [madeup_run.evidence_row("gain", 0.5, 0.4, 0.6, measure="recall_at_0.25")]
    madeup_run.write_run(folder, about=about, target=TARGET, reference=TARGET, evidence=evidence)
    rows = [row(*key, recall) for key, recall in RECALL.items()]
    tables = read_tables(folder)
    return standings(tables, EvidenceTable(tables.evidence), [*more, *rows], "yolo", "one-to-many", "target", baseline)


def values(found: Standings, measure: Measure) -> dict[str, float | None]:
    return {one.label: one.value for one in found.rows if one.measure == measure}


def test_values_are_means_over_seeds_of_the_last_epoch(tmp_path: Path) -> None:
    earlier = row(10, 0, 0.1, epoch=0)
    other = row(10, 0, 0.1, model="other")
    found = target(tmp_path, "all-but-head (22)", earlier, other)
    assert values(found, "recall_at_0.25") == {"all-but-head (22)": 0.30000000000000004, "backbone (10)": 0.8}
    assert values(found, "ap") == {"all-but-head (22)": 0.2, "backbone (10)": 0.4}
    assert set(values(found, "precision_at_0.25").values()) == {None}
    assert found.compared == ["backbone (10)"]
    assert found.before["recall_at_0.25"] == 0.30000000000000004


def test_a_seed_that_was_not_measured_leaves_no_mean(tmp_path: Path) -> None:
    later = row(10, 1, None, epoch=2)
    assert values(target(tmp_path, "all-but-head (22)", later), "recall_at_0.25")["backbone (10)"] is None


def test_the_baseline_comes_first_and_changes_are_against_it(tmp_path: Path) -> None:
    found = target(tmp_path, "backbone (10)")
    assert [one.label for one in found.rows[:: len(SHOWN)]] == ["backbone (10)", "all-but-head (22)"]
    changes = [one.change.value for one in found.rows if one.change is not None]
    assert changes == [-0.5]  # turned round


def test_a_baseline_that_was_not_scored_is_none(tmp_path: Path) -> None:
    for baseline in (None, "15"):
        found = target(tmp_path, baseline)
        assert (found.baseline, found.before) == (None, {})
        assert found.compared == ["all-but-head (22)", "backbone (10)"]
        assert {one.change for one in found.rows} == {None}


def test_thresholds_are_a_models_and_heads() -> None:
    rows = [row(22, 0, 0.1), row(22, 0, 0.1, point="best-f1", threshold=0.4), row(10, 0, 0.1, head="x", threshold=0.9)]
    assert thresholds(rows, "yolo", "one-to-many") == {"0.25": 0.25, "best-f1": 0.4}
    assert measure_at("f1", POINTS[1]) == "f1_at_best_f1"
