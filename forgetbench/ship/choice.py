"""What of a run is taken home: an arm, an epoch, an attach point and a head, by what the run knows them as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from forgetbench.errors import InputError
from forgetbench.record.manifest import ArmRecord, Manifest
from forgetbench.record.rows.scores import ORIGINAL, TRAINED
from forgetbench.record.table_files import measured
from forgetbench.suite.evaluation import scored_heads
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.points import attach_points_of

#: Of which data alone a detector may know the classes.
Only = Literal["target", "reference"]


@dataclass(frozen=True)
class Choice:
    """A detector of a run: for the classes of both data, or for those of one.

    Attributes:
        arm: What the manifest says of the arm.
        epoch: After which its checkpoint was taken.
        attach: The suite's attach point, as the suite has it; None for the target's classes only.
        head: Which stacks detect, where the model has two heads.
        only: Whose classes it knows; None for both.
        variant: Of the checkpoint, as the tables call it.
        detections: The detections file of each of its networks, by role.
        scores: AP on the target, on the reference, and the original's on the reference, as far as they concern it;
            fractions, None not measured.
    """

    arm: ArmRecord
    epoch: int
    attach: str | None
    head: HeadMode
    only: Only | None
    variant: str
    detections: Mapping[str, str]
    scores: Mapping[str, float | None]


def choose(
    manifest: Manifest,
    results: pd.DataFrame,
    *,
    arm: str | None = None,
    attach: str | None = None,
    epoch: int | None = None,
    head: str | None = None,
    variant: str | None = None,
    only: Only | None = None,
) -> Choice:
    """Return what was asked for.

    What was left open is the run's only arm, `head`, the last epoch, the first head, the checkpoint as trained.

    Args:
        manifest, results: The run's.
        arm: Name, label (its number may be left out) or freeze point.
        attach: One of the suite's attach points.
        epoch: One whose checkpoint was scored.
        head: `one-to-many` or `one-to-one`.
        variant: One that was scored.
        only: Whose classes the detector is to know; None for both.

    Raises:
        InputError: the run has no such arm, epoch, attach point, head or variant, or the arm did not come to its end.
    """
    if only == "target" and attach is not None:
        raise InputError("an attach point says nothing of a detector of the target's classes only", found=attach)
    found = _arm(manifest["arms"], arm)
    heads = scored_heads(
        manifest["suite"]["evaluation"]["heads"], two_heads=manifest["models"][found["model"]]["two_heads"]
    )
    chosen_head = _one_of("head", head, heads, heads[0])
    points = attach_points_of(manifest["suite"]["attach_points"], manifest["models"][found["model"]]["head"])
    point = _one_of("attach point", attach, points, "head" if "head" in points else points[0])
    rows = results[(results["arm"] == found["arm"]) & (results["head"] == chosen_head)]
    epochs = sorted(int(one) for one in rows["epoch"].unique())
    if not epochs:
        raise InputError("has no scored checkpoint", where=f"arm {found['arm']}", found=found.get("stopped") or "none")
    chosen_epoch = int(_one_of("epoch", None if epoch is None else str(epoch), list(map(str, epochs)), str(epochs[-1])))
    rows = rows[rows["epoch"] == chosen_epoch]
    variants = rows["variant"] if "variant" in rows else pd.Series(TRAINED, rows.index)  # of an earlier version: none
    chosen_variant = _one_of("variant", variant, sorted(variants.unique()), TRAINED)
    rows = rows[variants == chosen_variant]
    originals = results[(results["arm"] == ORIGINAL) & (results["model"] == found["model"])]
    scored = {
        "target": _row(rows[rows["role"] == "target"]),
        "reference": _row(rows[(rows["role"] == "reference") & (rows["attach"].astype(str) == point)]),
        "original": _row(originals[originals["head"] == chosen_head]),
    }
    if only is not None:
        scored = {name: row for name, row in scored.items() if (name == "target") == (only == "target")}
    return Choice(
        found,
        chosen_epoch,
        None if only == "target" else point,
        chosen_head,
        only,
        chosen_variant,
        {role: str(row["detections"]) for role, row in scored.items() if role != "original"},
        {name: measured(row["ap"]) for name, row in scored.items()},
    )


def _arm(arms: Sequence[ArmRecord], wanted: str | None) -> ArmRecord:
    listed = ", ".join(f"{arm['arm']} ({arm['label']})" for arm in arms)
    if wanted is None:
        if len(arms) == 1:
            return arms[0]
        raise InputError("the run has several arms", expected=f"--arm with one of {listed}")
    matching = [arm for arm in arms if wanted in (arm["arm"], arm["label"])]
    matching = matching or [
        arm for arm in arms if wanted in (arm["label"].partition(" (")[0], str(arm["freeze_point"]))
    ]
    if len(matching) == 1:
        return matching[0]
    problem = "several arms are called so" if matching else "the run has no such arm"
    raise InputError(problem, where="arm", expected=f"one of {listed}", found=wanted)


def _one_of(what: str, wanted: str | None, known: Sequence[Any], otherwise: Any) -> Any:
    if wanted is None:
        return otherwise
    if wanted not in known:
        raise InputError(f"was not scored in this run: {what}", expected=f"one of {', '.join(known)}", found=wanted)
    return wanted


def _row(rows: pd.DataFrame) -> Mapping[str, Any]:
    return {str(name): cell for name, cell in rows.iloc[0].items()}
