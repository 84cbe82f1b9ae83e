"""Forgetting at equal gain, by hand, and whether its intervals hold the truth where that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.arms import arm_record

from forgetbench.analyse.equal_gain import Fronts, levels
from forgetbench.analyse.evidence import Score
from forgetbench.evaluate.bootstrap import draw_images
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.differences import EqualGainRow, FrontRow
from forgetbench.suite.measures import Measure

#: (freeze point, setting, seed, epoch) -> target and reference AP.
Checkpoints = Mapping[tuple[int, str, int, int], tuple[float, float]]
ORIGINAL = 0.5
#: Head-only training ends at 0.4 under the first setting, so that is where gain counts from.
HEAD = {(22, "a", 0, 1): (0.3, 0.5), (22, "a", 0, 2): (0.4, 0.5)}


def same_on_every_resample(value: float, _file: str) -> Score:
    return Score(value, np.full(20, value))


def fronts(checkpoints: Checkpoints, score: Callable[[float, str], Score] = same_on_every_resample) -> Fronts:
    measure: Measure = "ap"
    scored = {"original": {measure: score(ORIGINAL, "original")}}
    rows: list[tuple[Any, ...]] = [("original", None, None, None, 0, "reference", "head", "original")]
    arms: dict[str, ArmRecord] = {}
    for (point, setting, seed, epoch), (target, reference) in checkpoints.items():
        name = f"{point}-{setting}-{seed}"
        arms.setdefault(
            name,
            arm_record(name, point, seed, setting=setting, method=f"point {point}", label=f"point {point}, {setting}"),
        )
        scored[f"{name}-{epoch}-t"] = {measure: score(target, f"{name}-{epoch}-t")}
        file = "original" if reference == ORIGINAL and point == 22 else f"{name}-{epoch}-r"
        if file != "original":
            scored[file] = {measure: score(reference, file)}
        rows += [
            (name, point, setting, seed, epoch, "target", None, f"{name}-{epoch}-t"),
            (name, point, setting, seed, epoch, "reference", "head", file),
        ]
    columns = ["arm", "freeze_point", "setting", "seed", "epoch", "role", "attach", "detections"]
    results = pd.DataFrame(rows, columns=columns).assign(model="m", head="h", strategy="freeze")
    return Fronts(results, list(arms.values()), {"m": 22}, scored)


def at(found: Fronts, gain: float) -> dict[tuple[str, str], EqualGainRow]:
    rows = [row for row in found.at_equal_gain([gain]) if row.at_gain == gain]
    return {(row.treatment, row.against): row for row in rows}


TWO = {
    **HEAD,
    (10, "a", 0, 1): (0.42, 0.40), (10, "a", 0, 2): (0.50, 0.20),
    (10, "b", 0, 1): (0.38, 0.48), (10, "b", 0, 2): (0.46, 0.38),
    (0, "a", 0, 1): (0.45, 0.10), (0, "a", 0, 2): (0.60, 0.05),
    (0, "b", 0, 1): (0.30, 0.30), (0, "b", 0, 2): (0.41, 0.25),
}  # fmt: skip


def test_the_front_takes_from_every_setting_and_epoch_what_nothing_beats() -> None:
    rows = [row for row in fronts(TWO).of_methods() if row.method == "point 10"]
    expected = [("b", 1, -0.02, 0.02), ("a", 1, 0.02, 0.10), ("b", 2, 0.06, 0.12), ("a", 2, 0.10, 0.30)]
    for row, (setting, epoch, gain, forgetting) in zip(rows, expected, strict=True):
        assert (row.setting, row.epoch, row.seeds) == (setting, epoch, 1)
        assert (row.gain, row.forgetting) == pytest.approx((gain, forgetting))
    assert isinstance(rows[0], FrontRow)


def test_forgetting_is_interpolated_and_compared_at_the_same_gain() -> None:
    rows = at(fronts(TWO), 0.03)
    shallow, deep = rows["point 10", "original"], rows["point 0", "original"]
    # a quarter of the way from (0.02, 0.10) to (0.06, 0.12); half-way from (0.01, 0.25) to (0.05, 0.40)
    assert shallow.value == pytest.approx(0.105)
    assert (shallow.from_setting, shallow.from_epoch, shallow.to_setting, shallow.to_epoch) == ("a", 1, "b", 2)
    assert shallow.share == pytest.approx(0.25)
    assert deep.value == pytest.approx(0.325)
    assert rows["point 0", "point 10"].value == pytest.approx(0.22)
    assert ("point 22", "original") not in rows  # head-only training gains nothing over itself


def test_a_method_that_never_gains_so_much_has_no_row() -> None:
    assert set(at(fronts(TWO), 0.15)) == {("point 0", "original")}


def test_seeds_are_averaged_before_the_front_and_told_apart_after() -> None:
    two_seeds = {
        **HEAD, (22, "a", 1, 2): (0.4, 0.5),
        (10, "a", 0, 1): (0.40, 0.44), (10, "a", 1, 1): (0.44, 0.40),
        (10, "a", 0, 2): (0.48, 0.30), (10, "a", 1, 2): (0.52, 0.22),
    }  # fmt: skip
    row = at(fronts(two_seeds), 0.06)["point 10", "original"]
    # means: (0.02, 0.08) and (0.10, 0.24), so half-way; slope 2. Seed 0 is 0.02 below in gain at both and forgets 0.02
    # and 0.04 less: 0.16 - 0.03 + 2 * 0.02; seed 1 the reverse.
    assert (row.value, row.seeds) == pytest.approx((0.16, 2))
    half = 12.706204736 * 0.01  # t(1) times the standard error of 0.17 and 0.15
    assert (row.seeds_low, row.seeds_high) == pytest.approx((0.16 - half, 0.16 + half))


def test_checkpoints_that_not_all_seeds_have_are_left_out() -> None:
    stopped = {**HEAD, (22, "a", 1, 2): (0.4, 0.5), (10, "a", 0, 1): (0.5, 0.4), (10, "a", 1, 1): (0.5, 0.4)}
    stopped[10, "a", 0, 2] = (0.6, 0.3)
    assert [row.epoch for row in fronts(stopped).of_methods() if row.method == "point 10"] == [1]


def test_where_resamples_do_not_reach_the_gain_nothing_is_said_of_how_sure_it_is() -> None:
    def score(value: float, file: str) -> Score:
        resampled = np.full(20, value)
        if file == "10-a-0-2-t":
            resampled[:2] = 0.42
        return Score(value, resampled)

    row = at(fronts(TWO, score), 0.09)["point 10", "original"]
    assert row.value == pytest.approx(0.255)
    assert (row.images_low, row.low) == (None, None)
    assert at(fronts(TWO, score), 0.05)["point 10", "original"].low is not None


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([0.0, 0.158, 0.09], [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14]),
        ([0.02], [0.005, 0.01, 0.015, 0.02]),
        ([0.5], [0.1, 0.2, 0.3, 0.4, 0.5]),
        ([-0.1, 0.004], []),
        ([], []),
    ],
)
def test_levels_are_round(gains: list[float], expected: list[float]) -> None:
    assert levels(gains) == pytest.approx(expected)


class Simulated:
    """Paths whose true gains and forgetting are known, scored on images that are drawn: AP is a mean over images."""

    def __init__(self, number: int, seeds: int, wander: float) -> None:
        self.random = np.random.default_rng(number)
        self._drawn = {role: draw_images(n, 200, number) / n for role, n in (("t", 90), ("r", 130))}
        self._shared = {role: self.random.normal(0, 0.17, len(drawn)) for role, drawn in self._drawn.items()}
        self.checkpoints = {
            (point, setting, seed, epoch): self._around(point, setting, epoch, wander)
            for point in (22, 10, 0)
            for setting in "ab"
            for seed in range(seeds)
            for epoch in (1, 2, 3, 4)
        }

    @staticmethod
    def truth(point: int, setting: str, epoch: int) -> tuple[float, float]:
        time, slow = epoch / 4, setting == "b"
        most = {22: 0.0, 10: 0.10, 0: 0.16}[point] * (0.9 if slow else 1.0)
        lost = {22: 0.0, 10: 0.20, 0: 0.33}[point] * (0.55 if slow else 1.0)
        return 0.4 + most * (1 - (1 - time) ** 2) - 0.02 * (1 - time), ORIGINAL - lost * time**1.3

    def _around(self, point: int, setting: str, epoch: int, wander: float) -> tuple[float, float]:
        target, reference = self.truth(point, setting, epoch)
        moved = self.random.normal(0, wander, 2)
        return target + moved[0], reference if point == 22 else reference + moved[1]

    def score(self, value: float, file: str) -> Score:
        role = file[-1] if file != "original" else "r"
        shared = self._shared[role]
        of_images = value + shared + self.random.normal(0, 0.08 if role == "t" else 0.15, len(shared))
        return Score(float(of_images.mean()), of_images @ self._drawn[role])


def covered(simulations: int, seeds: int, wander: float) -> dict[tuple[str, str], float]:
    """Return how often intervals at a gain of 0.05 hold the truth."""
    true = at(fronts({k: Simulated.truth(k[0], k[1], k[3]) for k in Simulated(0, 1, 0.0).checkpoints}), 0.05)
    held: dict[tuple[str, str], list[bool]] = {}
    for number in range(simulations):
        simulated = Simulated(number, seeds, wander)
        for key, row in at(fronts(simulated.checkpoints, simulated.score), 0.05).items():
            if key in true and "point 22" not in key and row.low is not None and row.high is not None:
                held.setdefault(key, []).append(row.low <= true[key].value <= row.high)
    assert all(len(found) >= 0.9 * simulations for found in held.values())
    return {key: float(np.mean(found)) for key, found in held.items()}


def test_intervals_over_images_hold_the_truth() -> None:
    shares = covered(300, seeds=1, wander=0.0)
    assert set(shares) == {("point 10", "original"), ("point 0", "original"), ("point 0", "point 10")}
    assert all(0.92 <= share <= 0.995 for share in shares.values()), shares


def test_intervals_over_images_and_seeds_hold_the_truth() -> None:
    shares = covered(150, seeds=3, wander=0.01)
    assert all(0.92 <= share <= 1.0 for share in shares.values()), shares
