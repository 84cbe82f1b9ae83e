"""Detections of a run: what they say of themselves, and what can be scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import Arrays, change_tensors, copy_of, original_detections

from forgetbench.proof.verify import open_subject
from forgetbench.proof.verify.evaluations import Evaluated, Evaluations
from forgetbench.proof.verify.findings import CheckResult

CELLS = {"role": "reference", "model": "yolov8p-shapes", "head": "one-to-many"}


def evaluated(run: Path) -> tuple[Evaluated | None, list[str]]:
    part = CheckResult("scores")
    evaluations = Evaluations(open_subject(run), part)
    found = evaluations.of(original_detections(run).name, CELLS, "row")
    assert evaluations.original("yolov8p-shapes") == (None if found is None else found.modules)
    return found, list(map(str, part.findings))


def test_the_originals_detections_are_scored(small_run: Path) -> None:
    found, said = evaluated(small_run)
    assert said == []
    assert found is not None
    assert (found.head, len(found.modules), found.scores.images) == ("one-to-many", 23, 8)


def column(name: str, value: float) -> Callable[[Arrays, Any], None]:
    def change(arrays: Arrays, _: Any) -> None:
        arrays[name][0] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (column("image", 8), "found image 8, expected one of 0 to 7"),
        (column("label", -1), "found class -1, expected one of 0 to"),
        (column("score", 1.5), "found a confidence that is not between 0 and 1"),
        (column("score", 0.0), "its detections are not in order of image, then falling confidence"),
        (lambda arrays, _: arrays.update(label=arrays["label"][:-1]), "not a readable detections file: 'label' is"),
        (lambda _, about: about.pop("modules"), "does not say what it is of: KeyError('modules')"),
        (lambda _, about: about.update(data="0" * 64), "it was found on data whose annotations are not here"),
    ],
)
def test_what_cannot_be_scored_is_named(
    small_run: Path, tmp_path: Path, change: Callable[[Arrays, Any], None], said: str
) -> None:
    run = copy_of(small_run, tmp_path)
    change_tensors(original_detections(run), change)
    found, texts = evaluated(run)
    assert found is None
    assert texts[-1].startswith(f"detections/{original_detections(run).name}: {said}")
