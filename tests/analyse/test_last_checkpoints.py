"""The last checkpoint of every arm."""

import pandas as pd
from support.arms import arm_record

from forgetbench.analyse.last_checkpoints import last_checkpoints
from forgetbench.analyse.tradeoff import Treatment

ARMS = [arm_record(f"{point}-{seed}", point, seed, label=f"point {point}") for seed in (0, 1) for point in (22, 15)]
COLUMNS = ["arm", "seed", "epoch", "role", "attach", "detections"]
ROWS = [
    ("15-0", 0, 2, "target", None, "late"), ("15-0", 0, 1, "target", None, "early"),
    ("15-1", 1, 1, "target", None, "other seed"), ("15-0", 0, 2, "reference", "head", "lost"),
    ("22-0", 0, 2, "reference", "head", "o"), ("original", None, 0, "reference", "head", "o"),
]  # fmt: skip


def test_the_latest_epoch_of_each_seed_counts() -> None:
    results = pd.DataFrame(ROWS, columns=COLUMNS).assign(model="m", head="h")
    found = last_checkpoints(results, ARMS)
    assert found.scenes == {
        ("m", "h", "target", None): {Treatment(15): {0: "late", 1: "other seed"}},
        ("m", "h", "reference", "head"): {Treatment(22): {0: "o"}, Treatment(15): {0: "lost"}},
    }
    assert found.originals == {("m", "h"): "o"}
    assert found.labels == {("m", Treatment(22)): "point 22", ("m", Treatment(15)): "point 15"}


def test_gain_is_measured_against_the_reference_arm_if_there_is_one() -> None:
    found = last_checkpoints(pd.DataFrame(ROWS, columns=COLUMNS).assign(model="m", head="h"), ARMS)
    assert found.references({"m": 15}) == {"m": Treatment(15)}
    assert found.references({"m": 10}) == found.references({}) == {"m": None}
