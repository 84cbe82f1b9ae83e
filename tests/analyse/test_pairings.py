"""What is compared with what, and the numbers of a comparison, by hand."""

import numpy as np
import pandas as pd
import pytest
from support.arms import arm_record

from forgetbench.analyse.pairings import Pairing, change_of, pairings

COLUMNS = ["arm", "model", "seed", "epoch", "role", "attach", "head", "detections"]
ARMS = [
    arm_record(f"{name}-{seed}", point, seed, label=f"{name} ({point})")
    for seed in (0, 1)
    for name, point in (("head", 22), ("neck", 15))
]


def results(*rows: tuple[object, ...]) -> pd.DataFrame:
    original = ("original", "m", None, 0, "reference", "head", "o2m", "original")
    return pd.DataFrame([original, *rows], columns=COLUMNS)


def compared(*rows: tuple[object, ...], reference_arms: dict[str, int] | None = None) -> list[Pairing]:
    return pairings(results(*rows), ARMS, {"m": 22} if reference_arms is None else reference_arms)


def test_the_reference_is_compared_with_the_original_by_last_checkpoints() -> None:
    (found,) = compared(
        ("neck-0", "m", 0, 2, "reference", "head", "o2m", "late"),
        ("neck-0", "m", 0, 1, "reference", "head", "o2m", "early"),
        ("neck-1", "m", 1, 2, "reference", "head", "o2m", "other seed"),
    )
    assert (found.role, found.attach, found.treatment, found.against) == ("reference", "head", "neck (15)", "original")
    assert found.files == {0: ("original", "late"), 1: ("original", "other seed")}
    assert found.quantity == "forgetting"


def test_the_target_is_compared_with_the_reference_arm_of_the_same_seed() -> None:
    (found,) = compared(
        ("head-0", "m", 0, 1, "target", None, "o2m", "head 0"),
        ("neck-0", "m", 0, 1, "target", None, "o2m", "neck 0"),
        ("head-1", "m", 1, 1, "target", None, "o2m", "head 1"),
        ("neck-1", "m", 1, 1, "target", None, "o2m", "neck 1"),
    )
    assert (found.role, found.attach, found.against) == ("target", None, "head (22)")
    assert found.files == {0: ("head 0", "neck 0"), 1: ("head 1", "neck 1")}
    assert found.quantity == "gain"


def test_networks_that_are_their_baseline_are_not_compared() -> None:
    rows = [
        ("head-0", "m", 0, 1, "reference", "head", "o2m", "original"),
        ("neck-0", "m", 0, 1, "reference", "freeze-point", "o2m", "original"),
        ("head-0", "m", 0, 1, "target", None, "o2m", "head 0"),
    ]
    assert compared(*rows) == []


def test_without_a_reference_arm_or_an_original_there_is_nothing_to_compare_with() -> None:
    rows = [
        ("neck-0", "m", 0, 1, "target", None, "o2m", "neck 0"),
        ("neck-0", "m", 0, 1, "reference", "head", "other head", "neck"),
    ]
    assert compared(*rows, reference_arms={}) == []


def test_signs_means_and_intervals() -> None:
    before, after = np.full(1000, 0.5), np.linspace(0.2, 0.4, 1000)
    lost = change_of("forgetting", [(0.5, 0.3)], [(before, after)])
    assert (lost["before"], lost["after"], lost["value"]) == (0.5, 0.3, pytest.approx(0.2))
    assert (lost["images_low"], lost["images_high"]) == pytest.approx((0.105, 0.295), abs=1e-6)
    assert (lost["low"], lost["seeds_low"]) == (lost["images_low"], None)
    gained = change_of("gain", [(0.5, 0.3)], [(before, after)])
    assert gained["value"] == pytest.approx(-0.2)
    assert (gained["low"], gained["high"]) == pytest.approx((-0.295, -0.105), abs=1e-6)
    assert change_of("change", [(0.1, 0.4), (0.2, 0.3)])["value"] == pytest.approx(0.2)


def test_without_resamples_the_interval_over_both_is_unknown() -> None:
    found = change_of("gain", [(0.1, 0.4), (0.2, 0.3)])
    assert (found["images_low"], found["low"], found["high"]) == (None, None, None)
    assert found["seeds_low"] < 0.2 < found["seeds_high"]


def test_what_was_not_measured_is_none() -> None:
    found = change_of("gain", [(None, 0.4)])
    assert {found[name] for name in ("before", "value", "low", "high", "seeds_low")} == {None}
    assert found["after"] == 0.4
