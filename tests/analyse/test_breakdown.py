"""Rows by class and by measure, from profiles written by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from forgetbench.analyse.breakdown import FEWEST_IMAGES, class_changes, measure_changes
from forgetbench.analyse.pairings import Pairing
from forgetbench.evaluate.profile import Profile, Subject
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow

NAMES = ("person", "bicycle", "car", "unseen")
GROUPS = {"person": "person", "bicycle": "vehicle", "car": "vehicle", "unseen": "vehicle"}
#: Persons and cars lie in many images, bicycles in one image fewer than intervals need, the last class in none.
OBJECTS = np.zeros((10, 4), np.int64)
OBJECTS[:, 0], OBJECTS[: FEWEST_IMAGES - 1, 1], OBJECTS[4:, 2] = 2, 1, 3


def profile(
    per_class: Sequence[float], found: Sequence[float] = (0.5,), jitter: float = 0.0, **changes: float
) -> Profile:
    """Return a profile whose resampled AP are each class's AP, times one plus a jitter that rises from -1 to 1."""
    rise = 1 + jitter * np.linspace(-1, 1, 201)
    resampled = np.column_stack([*(ap * rise for ap in per_class), np.full(201, np.nan)])
    measures = {"ap": float(np.mean(per_class)), "ap_small": None, "right_class_ap": 0.6, **changes}
    return Profile(
        subject=Subject(NAMES, GROUPS, OBJECTS),
        per_class=dict(enumerate(per_class)),
        per_class_resampled=resampled,
        measures=measures,
        resampled={"ap": float(np.mean(per_class)) * rise, "right_class_ap": 0.6 * rise},
        errors={"classification": 0.1, "missed": 0.2},
        found=np.array(found, np.float32),
    )


BEFORE = profile([0.6, 0.4, 0.5], found=[0.9, 0.8, np.nan, 0.7])
AFTER = profile([0.3, 0.4, 0.1], found=[0.5, np.nan, 0.3, 0.6], jitter=0.5, right_class_ap=0.55)
PROFILES = {"before": BEFORE, "after": AFTER}


def pairing(role: str = "reference", seeds: int = 1) -> Pairing:
    against = "original" if role == "reference" else "all-but-head (22)"
    attach = "head" if role == "reference" else None
    files = dict.fromkeys(range(seeds), ("before", "after"))
    return Pairing("m", "o2m", role, attach, "none (0)", against, files)  # type: ignore[arg-type]


def by_name(role: str = "reference", others: Sequence[str] = ()) -> dict[tuple[str, str], ClassChangeRow]:
    return {(row.kind, row.name): row for row in class_changes(pairing(role), PROFILES, others)}


def by_measure(role: str = "reference") -> dict[str, MeasureChangeRow]:
    return {row.measure: row for row in measure_changes(pairing(role), PROFILES)}


def test_classes_lose_and_gain_by_the_role() -> None:
    lost, gained = by_name()["class", "person"], by_name("target")["class", "person"]
    assert (lost.quantity, lost.before, lost.after, lost.value) == pytest.approx(("forgetting", 0.6, 0.3, 0.3))
    assert (gained.quantity, gained.value) == pytest.approx(("gain", -0.3))
    # after is 0.3 times a factor whose middle 95 % lie between 0.525 and 1.475
    assert (lost.low, lost.high) == pytest.approx((0.6 - 0.3 * 1.475, 0.6 - 0.3 * 0.525))
    assert (gained.low, gained.high) == pytest.approx((0.3 * 0.525 - 0.6, 0.3 * 1.475 - 0.6))
    assert (lost.instances, lost.images) == (20, 10)


def test_a_super_category_is_the_mean_of_its_classes_that_have_instances() -> None:
    rows = by_name()
    vehicle = rows["super-category", "vehicle"]
    assert (vehicle.before, vehicle.after, vehicle.value) == pytest.approx((0.45, 0.25, 0.2))
    assert (vehicle.instances, vehicle.images) == (4 + 18, 10)
    assert (vehicle.low, vehicle.high) == pytest.approx((0.45 - 0.25 * 1.475, 0.45 - 0.25 * 0.525))
    assert vehicle.super_category == rows["class", "car"].super_category == "vehicle"
    assert [name for kind, name in rows if kind == "class"] == ["person", "bicycle", "car"]


def test_a_class_in_few_images_has_no_interval() -> None:
    few = by_name()["class", "bicycle"]
    assert few.images == FEWEST_IMAGES - 1
    assert (few.value, few.low, few.high, few.images_low) == (0.0, None, None, None)
    many_seeds = list(class_changes(pairing(seeds=3), PROFILES, []))
    assert next(row for row in many_seeds if row.name == "bicycle").low is None


def test_classes_shared_with_the_other_dataset_are_marked() -> None:
    rows = by_name(others=["Cars", "pedestrian", "worker", "apple"])
    assert (rows["class", "car"].shares, rows["class", "car"].shared_with) == ("name", "Cars")
    assert (rows["class", "person"].shares, rows["class", "person"].shared_with) == ("meaning", "pedestrian; worker")
    assert (rows["class", "bicycle"].shares, rows["class", "bicycle"].shared_with) == (None, None)
    assert rows["super-category", "person"].shares is None


def test_measures_errors_and_scores() -> None:
    rows = by_measure()
    assert rows["ap"].value == pytest.approx(0.5 - 0.8 / 3)
    assert rows["ap"].low is not None
    assert (rows["ap_small"].value, rows["ap_small"].low) == (None, None)
    assert (rows["right_class_ap"].quantity, rows["right_class_ap"].value) == pytest.approx(("forgetting", 0.05))
    error = rows["error_missed"]
    assert (error.quantity, error.before, error.after, error.value, error.low) == ("change", 0.2, 0.2, 0.0, None)
    assert (rows["right_score"].before, rows["right_score"].after) == pytest.approx((0.8, 0.5))
    # found before and after: -0.4 and -0.1
    shift = rows["score_shift"]
    assert (shift.before, shift.after, shift.value) == pytest.approx((None, None, -0.25))
    assert by_measure("target")["right_class_ap"].value == pytest.approx(-0.05)


def test_nothing_found_has_no_score() -> None:
    nothing: NDArray[np.float64] = np.full(4, np.nan)
    profiles = {"before": BEFORE, "after": profile([0.0, 0.0, 0.0], found=nothing.tolist())}
    rows = {row.measure: row for row in measure_changes(pairing(), profiles)}
    assert (rows["right_score"].after, rows["right_score"].value, rows["score_shift"].value) == (None, None, None)
