"""What gain and forgetting may be of; importable without the schema, since the command line lists them."""

from __future__ import annotations

from typing import Literal, get_args

#: Over all classes: AP, AP50, and rates at a score of 0.25 and at the threshold of the original's best F1.
WholeMeasure = Literal[
    "ap", "ap50",
    "recall_at_0.25", "precision_at_0.25", "f1_at_0.25",
    "recall_at_best_f1", "precision_at_best_f1", "f1_at_best_f1",
]  # fmt: skip
#: AP and AP50 over the classes of the reference that the suite keeps.
KeptMeasure = Literal["ap_kept", "ap50_kept"]
#: What a difference may be of.
Measure = Literal[WholeMeasure, KeptMeasure]
WHOLE_MEASURES: tuple[WholeMeasure, ...] = get_args(WholeMeasure)
KEPT_MEASURES: tuple[KeptMeasure, ...] = get_args(KeptMeasure)
