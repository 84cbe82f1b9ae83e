"""Differences between made-up networks whose resamples are known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.arms import arm_record

from forgetbench.analyse.evidence import Evidence, Score
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.differences import EvidenceRow, IntervalRow
from forgetbench.record.table_files import read_table
from forgetbench.suite.measures import WHOLE_MEASURES, Measure

#: AP by detections file; resamples are the value plus a shift that all networks share, and one of their own.
AP = {"o": 0.5, "h0": 0.20, "h1": 0.24, "d0": 0.30, "d1": 0.38, "r0": 0.40, "r1": 0.30, "early": 0.25, "rearly": 0.45}
#: What another measure is, as a multiple of AP.
SCALES: dict[Measure, float] = {"ap50": 1.5, "recall_at_0.25": 0.5}
ARMS = [
    arm_record(f"yolo-freeze{point}-seed{seed}", point, seed, model="yolo", label=label)
    for seed in (0, 1)
    for point, label in ((22, "head (22)"), (10, "neck (10)"))
]


def scored(resamples: int = 400) -> dict[str, dict[Measure, Score]]:
    random = np.random.default_rng(0)
    shared = random.normal(0, 0.05, resamples)
    own = {file: random.normal(0, 0.01, resamples) for file in AP}
    return {
        file: {
            measure: Score(value * scale, value * scale + shared + own[file])
            for measure, scale in ((measure, SCALES.get(measure, 1.0)) for measure in WHOLE_MEASURES)
        }
        for file, value in AP.items()
    }


def results() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [("original", None, None, 0, "reference", "head", "o")]
    for seed in (0, 1):
        head, deep = f"yolo-freeze22-seed{seed}", f"yolo-freeze10-seed{seed}"
        rows += [
            (head, 22, seed, 2, "target", None, f"h{seed}"),
            (head, 22, seed, 2, "reference", "head", "o"),
            (deep, 10, seed, 2, "target", None, f"d{seed}"),
            (deep, 10, seed, 2, "reference", "head", f"r{seed}"),
            (deep, 10, seed, 2, "reference", "freeze-point", "o"),
        ]
    rows += [("yolo-freeze10-seed0", 10, 0, 1, "target", None, "early")]
    rows += [("yolo-freeze10-seed0", 10, 0, 1, "reference", "head", "rearly")]
    columns = ["arm", "freeze_point", "seed", "epoch", "role", "attach", "detections"]
    return pd.DataFrame(rows, columns=columns).assign(model="yolo", head="one-to-many")


def evidence(baselines: Mapping[str, int] | None = None) -> Evidence:
    return Evidence(results(), ARMS, {"yolo": 22} if baselines is None else baselines, scored())


def rows() -> dict[tuple[str, str | None, str, str, str], EvidenceRow]:
    return {(r.quantity, r.attach, r.measure, r.treatment, r.against): r for r in evidence().of_treatments()}


def test_forgetting_is_before_minus_after_of_the_last_checkpoints() -> None:
    row = rows()["forgetting", "head", "ap", "neck (10)", "original"]
    assert (row.value, row.seeds) == pytest.approx((0.15, 2))
    assert row.images_low is not None
    assert row.images_high is not None
    assert row.images_low < 0.15 < row.images_high
    assert row.images_high - row.images_low < 0.06  # what all images share cancels: the comparison is paired
    assert row.seeds_low is not None
    assert row.seeds_low < row.images_low
    assert row.low is not None
    assert row.low <= row.seeds_low
    assert not row.by_construction
    assert rows()["forgetting", "head", "ap50", "neck (10)", "original"].value == pytest.approx(0.225)
    assert rows()["forgetting", "head", "recall_at_0.25", "neck (10)", "original"].value == pytest.approx(0.075)


def test_gain_is_over_the_reference_arm_of_the_same_seed() -> None:
    row = rows()["gain", None, "ap", "neck (10)", "head (22)"]
    assert row.value == pytest.approx(((0.30 - 0.20) + (0.38 - 0.24)) / 2)
    assert ("gain", None, "ap", "head (22)", "neck (10)") not in rows()


def test_arms_are_compared_on_the_reference_too() -> None:
    row = rows()["forgetting", "head", "ap", "neck (10)", "head (22)"]
    assert row.value == pytest.approx(0.5 - 0.35)


def test_equal_networks_differ_by_exactly_nothing() -> None:
    for key in (
        ("forgetting", "head", "ap", "head (22)", "original"),
        ("forgetting", "freeze-point", "ap", "neck (10)", "original"),
    ):
        row = rows()[key]
        assert row.by_construction
        assert (row.value, row.images_low, row.images_high, row.low, row.high) == (0, 0, 0, 0, 0)


def test_checkpoints_have_intervals_of_their_own_seed() -> None:
    found = {(i.arm, i.epoch, i.quantity, i.attach, i.measure): i for i in evidence().of_checkpoints()}
    early = found["yolo-freeze10-seed0", 1, "gain", None, "ap"]
    assert early.value == pytest.approx(0.25 - 0.20)  # over the reference arm's last checkpoint
    assert early.low is not None
    assert early.high is not None
    assert early.low < 0.05 < early.high
    assert found["yolo-freeze10-seed1", 2, "forgetting", "head", "ap"].value == pytest.approx(0.2)
    assert found["yolo-freeze22-seed0", 2, "gain", None, "ap"].value == 0
    assert all(isinstance(item, IntervalRow) for item in found.values())


def test_without_a_reference_arm_there_is_no_gain_of_checkpoints() -> None:
    found = list(evidence({}).of_checkpoints())
    assert {interval.quantity for interval in found} == {"forgetting"}


def test_the_table_finds_rows_from_either_side(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_table("evidence.csv", columns_of(EvidenceRow), evidence().of_treatments())
    table = EvidenceTable(read_table(tmp_path / "evidence.csv", EvidenceRow))
    assert table.rows == list(evidence().of_treatments())
    forward = table.find("yolo", "one-to-many", None, "gain", "neck (10)", "head (22)")
    backward = table.find("yolo", "one-to-many", None, "gain", "head (22)", "neck (10)")
    assert forward is not None
    assert backward is not None
    assert backward.value == -forward.value  # type: ignore[operator]
    assert (backward.low, backward.high) == (-forward.high, -forward.low)  # type: ignore[operator]
    assert (backward.treatment, backward.against) == ("head (22)", "neck (10)")
    assert table.find("yolo", "one-to-many", "12", "forgetting", "neck (10)", "original") is None
    assert table.heads("yolo") == ["one-to-many"]
