"""Gain and forgetting of every checkpoint, by hand."""

import numpy as np
import pandas as pd
import pytest
from support.arms import arm_record

from forgetbench.analyse.evidence import Score
from forgetbench.analyse.paths import paths_of
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.suite.measures import Measure

ARMS = [arm_record("22", 22), arm_record("15", 15, setting="lr0=0.1")]
COLUMNS = ["arm", "epoch", "role", "attach", "detections"]
ROWS = [
    ("original", 0, "reference", "head", "o"),
    ("22", 1, "target", None, "h1"), ("22", 2, "target", None, "h2"),
    ("15", 1, "target", None, "d1"), ("15", 1, "reference", "head", "r1"),
    ("15", 2, "target", None, "d2"), ("15", 2, "reference", "head", "r2"),
]  # fmt: skip
AP = {"o": 0.5, "h1": 0.1, "h2": 0.2, "d1": 0.3, "d2": 0.4, "r1": 0.45, "r2": 0.3}


def scored(**missing: None) -> dict[str, dict[Measure, Score]]:
    values = {**AP, **missing}
    return {file: {"ap": Score(value, np.array([AP[file], AP[file] + 0.1]))} for file, value in values.items()}


def results() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=COLUMNS).assign(model="m", head="h", seed=0)


def test_gain_counts_from_the_reference_arms_last_checkpoint() -> None:
    found = paths_of(results(), ARMS, {"m": 22}, scored())
    assert found.keys() == {("m", "h", "head")}
    path = found["m", "h", "head"][Treatment(15)]  # the method, whatever its setting
    assert list(path) == [("lr0=0.1", 1), ("lr0=0.1", 2)]
    first, second = path["lr0=0.1", 1][0], path["lr0=0.1", 2][0]
    assert (first.gain, first.forgetting) == pytest.approx((0.1, 0.05))
    assert (second.gain, second.forgetting) == pytest.approx((0.2, 0.2))
    assert second.gain_resampled == pytest.approx(np.array([0.2, 0.2]))
    assert second.forgetting_resampled == pytest.approx(np.array([0.2, 0.2]))


def test_checkpoints_that_were_not_measured_are_left_out() -> None:
    found = paths_of(results(), ARMS, {"m": 22}, scored(d1=None))
    assert list(found["m", "h", "head"][Treatment(15)]) == [("lr0=0.1", 2)]
    assert paths_of(results(), ARMS, {}, scored()) == {}  # nothing to count gain from
