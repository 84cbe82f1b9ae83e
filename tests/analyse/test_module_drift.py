from dataclasses import astuple
from typing import Any

import pandas as pd
import pytest
from support.arms import arm_record

from forgetbench.analyse.module_drift import StatisticsShare, module_drift, statistics_shares
from forgetbench.analyse.tradeoff import Treatment

ARMS = [arm_record(f"y-freeze{point}-seed{seed}", point, seed, model="y") for seed in (0, 1) for point in (22, 15)]


def drift_rows(**changes: float | None) -> pd.DataFrame:
    """Return modules 14 (frozen), 15 and 20 of freeze point 15 for two seeds; cells of `seed 1` may be changed."""
    rows = []
    for seed in (0, 1):
        for module, kind, cka, weights in (
            ("14", "Concat", None, None),
            ("15", "C2f", 0.9, 0.2),
            ("20", "Concat", 0.8, None),
        ):
            row: dict[str, Any] = {
                "arm": f"y-freeze15-seed{seed}", "module": f"model.{module}", "kind": kind, "cka": cka,
                "distance": 0.5, "weight_change": weights, "mean_change": weights, "variance_change": weights,
            }  # fmt: skip
            rows.append(row | (changes if seed else {}))
    return pd.DataFrame(rows)


def test_means_over_seeds_from_the_freeze_point_on() -> None:
    first, second = module_drift(ARMS, drift_rows(cka=0.7, distance=1.5))
    assert astuple(first) == (astuple(Treatment(15)), 15, "C2f", pytest.approx(0.8), 1.0, 0.2, 0.2, 0.2)
    assert astuple(second) == (astuple(Treatment(15)), 20, "Concat", pytest.approx(0.75), 1.0, None, None, None)


def test_a_seed_without_a_value_leaves_none() -> None:
    assert [drift.cka for drift in module_drift(ARMS, drift_rows(cka=None))] == [None, None]


def share_rows(lost: dict[int, float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"arm": f"y-freeze15-seed{seed}", "head": "one-to-many", "adapted": "weights",
             "forgetting": value, "low": value, "high": None if value is None else value + 0.1}
            for seed, value in lost.items()
        ],
        dtype=object,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lost", "mean", "interval"),
    [
        ({0: 0.2}, 0.2, (0.2, 0.2 + 0.1)),  # over images
        ({0: 0.2, 1: 0.4}, 0.3, (0.2, 0.4)),  # over seeds
        ({0: None}, None, None),
        ({0: 0.2, 1: None}, None, None),
    ],
)
def test_shares_of_one_and_of_several_seeds(
    lost: dict[int, float | None], mean: float | None, interval: tuple[float, float] | None
) -> None:
    (found,) = statistics_shares(ARMS, share_rows(lost))
    assert found == StatisticsShare(Treatment(15), "one-to-many", "weights", found.forgetting, interval)
    assert found.forgetting == (mean and pytest.approx(mean))
