"""Rates at a score, counted by hand and by a plain loop over boxes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.factories import sample
from support.worlds import world

from forgetbench.data.dataset import Dataset
from forgetbench.evaluate.average_precision import MAX_DET, comparable_boxes
from forgetbench.evaluate.detections import Detections
from forgetbench.evaluate.matching import match
from forgetbench.evaluate.precision_recall import Counts, best_f1_threshold, count, is_above, rates, resampled_rates
from forgetbench.evaluate.scorers import overlaps

A, B, CROWD, ELSEWHERE = [0, 0, 10, 10], [20, 0, 30, 10], [50, 50, 100, 100], [120, 120, 130, 130]
#: Image, class, score, box, and what becomes of the detection.
FOUND = (
    (0, 0, 0.90, A),  # right
    (0, 0, 0.80, A),  # wrong: A is taken
    (0, 0, 0.70, [60, 60, 70, 70]),  # within the crowd region: neither
    (0, 0, 0.25, B),  # right
    (0, 0, 0.20, ELSEWHERE),  # wrong
    (1, 1, 0.60, A),  # right
    (1, 0, 0.50, A),  # wrong: the object there is of the other class
)


def dataset() -> Dataset:
    """Return two images: two objects and a crowd region of the first class, one object of the second."""
    first = sample(Path("0.png"), 200, 200, [A, B, CROWD], [0, 0, 0])
    first = replace(first, crowd=np.array([False, False, True]))
    return Dataset("made-up", "val", ("a", "b"), (first, sample(Path("1.png"), 200, 200, [A], [1])), Path())


def detections(*rows: tuple[int, int, float, list[int]]) -> Detections:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Detections(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int16),
        np.array(columns[2], np.float32),
        np.array(columns[3], np.float32).reshape(-1, 4),
    )


def by_hand(threshold: float, *rows: tuple[int, int, float, list[int]]) -> Counts:
    return count(match(dataset(), detections(*rows)).of_classes, threshold)


def best(*rows: tuple[int, int, float, list[int]], least: float = 0.0) -> float | None:
    return best_f1_threshold(match(dataset(), detections(*rows)).of_classes, least)


def totals(counts: Counts) -> tuple[int, int, int]:
    return int(counts.right.sum()), int(counts.wrong.sum()), int(counts.objects.sum())


def test_counts_per_image_above_a_score() -> None:
    counts = by_hand(0.25, *FOUND)
    assert (counts.right.tolist(), counts.wrong.tolist(), counts.objects.tolist()) == ([1, 1], [1, 1], [2, 1])
    assert by_hand(0.24, *FOUND).right.tolist() == [2, 1]  # a score of 0.25 does not lie above 0.25
    assert totals(by_hand(0.65, *FOUND)) == (1, 1, 3)
    assert totals(by_hand(0.9, *FOUND)) == (0, 0, 3)


def test_rates_are_over_all_classes_and_images_at_once() -> None:
    assert rates(by_hand(0.25, *FOUND)) == pytest.approx({"recall": 2 / 3, "precision": 2 / 4, "f1": 4 / 7})


def test_what_is_a_share_of_nothing_is_unmeasured() -> None:
    assert rates(by_hand(0.25)) == {"recall": 0.0, "precision": None, "f1": 0.0}
    nothing = replace(dataset(), samples=tuple(sample(Path(f"{i}.png"), 9, 9, [], []) for i in range(2)))
    assert rates(count(match(nothing, detections()).of_classes, 0.25)) == {
        "recall": None,
        "precision": None,
        "f1": None,
    }
    only_crowd = by_hand(0.25, (0, 0, 0.9, [60, 60, 70, 70]))
    assert rates(only_crowd) == {"recall": 0.0, "precision": None, "f1": 0.0}


def test_the_best_threshold_lies_midway_to_the_next_score() -> None:
    # F1 by falling score: 2/4, 2/5, 2/5, 4/6, 4/7, 6/8, 6/9
    assert best(*FOUND) == pytest.approx((0.25 + 0.2) / 2)
    assert best(*FOUND[:3], *FOUND[5:]) == pytest.approx((0.6 + 0.5) / 2)


def test_of_equal_f1_the_highest_threshold_is_taken() -> None:
    # 2/4 after the first, and 4/8 after the last
    rows = [(1, 0, score, ELSEWHERE) for score in (0.8, 0.7, 0.6)]
    assert best((0, 0, 0.9, A), *rows, (0, 0, 0.5, B)) == pytest.approx(0.85)


def test_of_equal_scores_all_count_or_none() -> None:
    # alone, the right one would give 2/4 and the other would not count
    threshold = best((0, 0, 0.6, A), (1, 0, 0.6, ELSEWHERE), (0, 0, 0.5, B), (1, 1, 0.5, A))
    assert threshold == pytest.approx(0.25)
    assert best((0, 0, 0.6, A), (1, 0, 0.6, ELSEWHERE), (1, 0, 0.5, ELSEWHERE)) == pytest.approx(0.55)


def test_where_all_count_the_threshold_lies_above_what_was_kept() -> None:
    assert best((0, 0, 0.5, A), least=0.1) == pytest.approx(0.3)


def test_neighbouring_scores_are_told_apart() -> None:
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    rows = [(0, 0, float(high), A), (1, 0, float(low), ELSEWHERE)]
    threshold = best(*rows)
    assert threshold is not None
    assert float(low) < threshold < float(high)
    assert totals(by_hand(threshold, *rows)) == (1, 0, 3)


@pytest.mark.parametrize("rows", [(), [(0, 0, 0.9, ELSEWHERE)], [(0, 0, 0.9, CROWD)]])
def test_who_finds_nothing_has_no_best_threshold(rows: list[tuple[int, int, float, list[int]]]) -> None:
    assert best(*rows) is None


def test_an_image_drawn_twice_counts_twice_and_one_not_drawn_not_at_all() -> None:
    drawn = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    found = resampled_rates(by_hand(0.25, *FOUND), drawn)
    np.testing.assert_allclose(found["recall"], [2 / 4, 2 / 2, np.nan])
    np.testing.assert_allclose(found["precision"], [2 / 4, 2 / 4, np.nan])
    np.testing.assert_allclose(found["f1"], [4 / 8, 4 / 6, np.nan])


def plain_count(data: Dataset, found: Detections, threshold: float) -> NDArray[np.int64]:
    """Return (right, wrong, objects) per image as pycocotools would match, one detection and one box at a time."""
    counts = np.zeros((len(data.samples), 3), np.int64)
    for index, image in enumerate(data.samples):
        counts[index, 2] = sum(not crowd for crowd in image.crowd)
        for label in range(len(data.classes)):
            mine = found.of((found.image == index) & (found.label == label))
            mine = mine.of(np.argsort(-mine.score, kind="stable")[:MAX_DET])
            overlap = overlaps(comparable_boxes(mine), image.boxes, image.crowd)
            taken: set[int] = set()
            for row in range(len(mine)):
                if not mine.score[row].astype(np.float64) > threshold:
                    continue
                object_, in_crowd, largest = None, False, 0.5
                for box in range(len(image.boxes)):
                    if image.classes[box] != label or overlap[row, box] < 0.5:
                        continue
                    if image.crowd[box]:
                        in_crowd = True
                    elif box not in taken and overlap[row, box] >= largest:
                        object_, largest = box, overlap[row, box]
                if object_ is not None:
                    taken.add(object_)
                    counts[index, 0] += 1
                elif not in_crowd:
                    counts[index, 1] += 1
    return counts


@pytest.mark.parametrize("seed", range(40))
def test_counts_are_those_of_a_plain_loop(seed: int) -> None:
    data, found = world(seed)
    matches = match(data, found).of_classes
    for threshold in (0.0, 0.25, 0.3, 0.62):
        counts = count(matches, threshold)
        got = np.stack([counts.right, counts.wrong, counts.objects], axis=1)
        np.testing.assert_array_equal(got, plain_count(data, found, threshold))


@pytest.mark.parametrize("seed", range(40))
def test_what_does_not_count_need_not_be_matched(seed: int) -> None:
    data, found = world(seed)
    whole, above = match(data, found).of_classes, match(data, found.of(is_above(found.score, 0.3))).of_classes
    for threshold in (0.3, 0.5):
        assert totals(count(whole, threshold)) == totals(count(above, threshold))


@pytest.mark.parametrize("seed", range(40))
def test_no_threshold_has_a_better_f1(seed: int) -> None:
    data, found = world(seed)
    matches = match(data, found).of_classes
    scores = np.unique(np.append(found.score.astype(np.float64), 0.0))
    between = (scores[1:] + scores[:-1]) / 2
    f1 = [rates(count(matches, threshold))["f1"] or 0.0 for threshold in between]
    want = (
        None if max(f1, default=0.0) == 0 else max(t for t, value in zip(between, f1, strict=True) if value == max(f1))
    )
    assert best_f1_threshold(matches) == want


def test_the_worlds_tell_right_from_wrong_and_from_crowds() -> None:
    counts = [count(match(*world(seed)).of_classes, 0.25) for seed in range(40)]
    assert sum(int(one.right.sum()) for one in counts) > 100
    assert sum(int(one.wrong.sum()) for one in counts) > 100
    assert any(world(seed)[0].samples[0].crowd.any() for seed in range(40))
