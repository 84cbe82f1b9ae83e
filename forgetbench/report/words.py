"""What measures are called, in tables and charts alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from forgetbench.suite.measures import Measure

#: Measures of `evidence.csv`.
MEASURES: dict[Measure, str] = {
    "ap": "AP",
    "ap50": "AP50",
    "recall_at_0.25": "recall at 0.25",
    "precision_at_0.25": "precision at 0.25",
    "f1_at_0.25": "F1 at 0.25",
    "recall_at_best_f1": "recall at the original's best threshold",
    "precision_at_best_f1": "precision at the original's best threshold",
    "f1_at_best_f1": "F1 at the original's best threshold",
    "ap_kept": "AP of the classes kept",
    "ap50_kept": "AP50 of the classes kept",
}
#: AP and recall of `errors.csv`.
SCORES = {
    "ap": "AP",
    "right_class_ap": "AP, right class given",
    "class_agnostic_ap": "AP, any class",
    "class_agnostic_ar": "recall, any class",
    "ap_small": "AP small",
    "ap_medium": "AP medium",
    "ap_large": "AP large",
}
#: TIDE's error types.
ERRORS = {
    "error_classification": "classification",
    "error_localisation": "localisation",
    "error_both": "both",
    "error_duplicate": "duplicate",
    "error_background": "background",
    "error_missed": "missed",
}
#: What marks a class that shares its name or its meaning with one of the other dataset.
MARKS: Mapping[str | None, str] = {"name": "*", "meaning": "†", None: ""}
#: Parts of a trunk that are the arm's, the others being the original's.
ADAPTED = {"statistics": "statistics alone", "weights": "weights alone", "both": "both"}
#: What changed on each dataset.
CHANGED = {"reference": "what was forgotten", "target": "what was learnt"}


def operating_names(best: float | None) -> list[str]:
    """Return what AP and the rates at both operating points are called, given the second one's score."""
    scores = ("0.25", "best F1" if best is None else f"{best:.3f}")
    return ["AP", *(f"{rate} at {score}" for score in scores for rate in ("recall", "precision", "F1"))]


def told_apart(heads: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each head once, with what titles and what file names add for it; nothing where it is the only one."""
    distinct = list(dict.fromkeys(heads))
    for head in distinct:
        yield (head, f", {head} head", f"-{head}") if len(distinct) > 1 else (head, "", "")
