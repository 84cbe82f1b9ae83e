"""Rows on what was forgotten, by class and by measure, as no run would give them."""

from typing import Any

from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.report.words import ERRORS, SCORES

BASE = {
    "model": "m", "head": "one-to-many", "role": "reference", "attach": "head", "treatment": "none (0)",
    "against": "original", "seeds": 1, "quantity": "forgetting", "before": 0.4, "after": 0.3, "value": 0.1,
    "images_low": 0.05, "images_high": 0.2, "seeds_low": None, "seeds_high": None, "low": 0.05, "high": 0.2,
}  # fmt: skip
TARGET = {"role": "target", "attach": None, "quantity": "gain", "against": "all-but-head (22)", "value": -0.1}


def of_class(name: str, **changes: Any) -> ClassChangeRow:
    about = {"kind": "class", "super_category": None, "shares": None, "shared_with": None, "instances": 9, "images": 9}
    return ClassChangeRow(**{**BASE, **about, "name": name, **changes})


def of_measure(measure: str, **changes: Any) -> MeasureChangeRow:
    return MeasureChangeRow(**{**BASE, "measure": measure, **changes})


def measures(**changes: Any) -> list[MeasureChangeRow]:
    rows = [of_measure(name, **changes) for name in (*SCORES, *ERRORS)]
    rows.append(of_measure("right_score", **changes))
    return [*rows, of_measure("score_shift", **{**changes, "before": None, "after": None, "value": -0.25})]
