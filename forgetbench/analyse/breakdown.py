"""What was forgotten and what was learnt: by class, by size of the objects, and by the kind of error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forgetbench.analyse.measures import mean
from forgetbench.analyse.pairings import Pairing, change_of, scene_of
from forgetbench.data.shared_classes import shared
from forgetbench.evaluate.bootstrap import over_classes
from forgetbench.evaluate.profile import Profile
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow

#: Fewest images that must hold a class for resamples of images to tell how sure its AP is.
FEWEST_IMAGES = 5


def class_changes(pairing: Pairing, profiles: Mapping[str, Profile], others: Sequence[str]) -> Iterator[ClassChangeRow]:
    """Yield a row per super-category, then one per class.

    Args:
        pairing: What is compared.
        profiles: By name of the detections file.
        others: Classes of the other dataset, to say which are shared.
    """
    pairs = _profiles(pairing, profiles)
    subject = pairs[0][0].subject
    measured = np.flatnonzero(subject.objects.any(axis=0)).tolist()
    groups: dict[str, list[int]] = {}
    for label in measured:
        if category := subject.super_categories.get(subject.classes[label]):
            groups.setdefault(category, []).append(label)
    for category, labels in groups.items():
        yield ClassChangeRow(
            **scene_of(pairing), **_of_classes(pairing, pairs, labels), kind="super-category", name=category,
            super_category=category, shares=None, shared_with=None,
        )  # fmt: skip
    for label in measured:
        name = subject.classes[label]
        how, others_named = shared(name, others) or (None, [])
        yield ClassChangeRow(
            **scene_of(pairing), **_of_classes(pairing, pairs, [label]), kind="class", name=name,
            super_category=subject.super_categories.get(name), shares=how, shared_with="; ".join(others_named) or None,
        )  # fmt: skip


def measure_changes(pairing: Pairing, profiles: Mapping[str, Profile]) -> Iterator[MeasureChangeRow]:
    """Yield a row per measure.

    Args:
        pairing: What is compared.
        profiles: By name of the detections file.
    """
    pairs = _profiles(pairing, profiles)
    scene = scene_of(pairing)
    for measure in pairs[0][0].measures:
        values = [(before.measures[measure], after.measures[measure]) for before, after in pairs]
        resampled = None
        if measure in pairs[0][0].resampled:
            resampled = [(before.resampled[measure], after.resampled[measure]) for before, after in pairs]
        yield MeasureChangeRow(**scene, **change_of(pairing.quantity, values, resampled), measure=measure)
    for error in pairs[0][0].errors:
        numbers = change_of("change", [(before.errors[error], after.errors[error]) for before, after in pairs])
        yield MeasureChangeRow(**scene, **numbers, measure=f"error_{error}")
    scores = [(_median(before.found), _median(after.found)) for before, after in pairs]
    yield MeasureChangeRow(**scene, **change_of("change", scores), measure="right_score")
    shift = change_of("change", [(0.0, _median(after.found - before.found)) for before, after in pairs])
    yield MeasureChangeRow(**scene, **{**shift, "before": None, "after": None}, measure="score_shift")


def _profiles(pairing: Pairing, profiles: Mapping[str, Profile]) -> list[tuple[Profile, Profile]]:
    return [(profiles[before], profiles[after]) for before, after in pairing.files.values()]


def _of_classes(pairing: Pairing, pairs: Sequence[tuple[Profile, Profile]], labels: Sequence[int]) -> dict[str, Any]:
    """Return the columns that hold numbers, of the mean over some classes."""

    def ap(profile: Profile) -> float | None:
        return mean([profile.per_class.get(label) for label in labels])

    def resampled(profile: Profile) -> NDArray[np.float64]:
        return over_classes(profile.per_class_resampled[:, labels])

    objects = pairs[0][0].subject.objects[:, labels]
    images = int(objects.any(axis=1).sum())
    differences = [(resampled(before), resampled(after)) for before, after in pairs]
    return {
        **change_of(
            pairing.quantity,
            [(ap(before), ap(after)) for before, after in pairs],
            differences if images >= FEWEST_IMAGES else None,
        ),
        "instances": int(objects.sum()),
        "images": images,
    }


def _median(scores: NDArray[np.float32]) -> float | None:
    known = scores[~np.isnan(scores)]
    return float(np.median(known)) if len(known) else None
