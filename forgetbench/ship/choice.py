"""What of a run is taken home: an arm, an epoch, an attach point and a head, by what the run knows them as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from forgetbench.errors import InputError
from forgetbench.record.manifest import ArmRecord, Manifest
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.record.table_files import measured
from forgetbench.suite.evaluation import scored_heads
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.points import attach_points_of


@dataclass(frozen=True)
class Choice:
    """A combined detector of a run.

    Attributes:
        arm: What the manifest says of the arm.
        epoch: After which its checkpoint was taken.
        attach: The suite's attach point, as the suite has it.
        head: Which stacks detect, where the model has two heads.
        target, reference: The detections files of its two networks.
        scores: AP on the target, on the reference, and the original's on the reference; fractions, None not measured.
    """

    arm: ArmRecord
    epoch: int
    attach: str
    head: HeadMode
    target: str
    reference: str
    scores: Mapping[str, float | None]


def choose(
    manifest: Manifest,
    results: pd.DataFrame,
    *,
    arm: str | None = None,
    attach: str | None = None,
    epoch: int | None = None,
    head: str | None = None,
) -> Choice:
    """Return what was asked for; what was left open is the run's only arm, `head`, the last epoch, the first head.

    Args:
        manifest, results: The run's, checkpoints as trained.
        arm: Name, label (its number may be left out) or freeze point.
        attach: One of the suite's attach points.
        epoch: One whose checkpoint was scored.
        head: `one-to-many` or `one-to-one`.

    Raises:
        InputError: the run has no such arm, epoch, attach point or head, or the arm did not come to its end.
    """
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
    target = _row(rows[rows["role"] == "target"])
    reference = _row(rows[(rows["role"] == "reference") & (rows["attach"].astype(str) == point)])
    originals = results[(results["arm"] == ORIGINAL) & (results["model"] == found["model"])]
    original = _row(originals[originals["head"] == chosen_head])
    scores = {"target": target["ap"], "reference": reference["ap"], "original": original["ap"]}
    return Choice(
        found,
        chosen_epoch,
        point,
        chosen_head,
        str(target["detections"]),
        str(reference["detections"]),
        {name: measured(value) for name, value in scores.items()},
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
