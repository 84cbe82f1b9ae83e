"""Whether a run's scores follow from its detections and annotations, and these from its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forgetbench.derive.catalogue import table
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.average_precision import Scores
from forgetbench.evaluate.places import batchnorm_of_checkpoint, of_checkpoint, of_original
from forgetbench.progress import Progress
from forgetbench.proof.verify.branchfile import hash_arrays
from forgetbench.proof.verify.evaluations import Evaluated, Evaluations
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.proof.verify.table_comparison import compare_table, raw_rows
from forgetbench.record.json_record import read_record
from forgetbench.record.manifest import Manifest
from forgetbench.record.rows.scores import TRAINED, ClassRow, ResultRow
from forgetbench.suite.evaluation import scored_heads
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.points import attach_points_of, resolve_attach_point

#: What tells rows of `results.csv` apart.
_KEY = ("arm", "model", "epoch", "role", "attach", "head", "variant")


def check_scores(subject: SealedRun, check: CheckResult, progress: Progress) -> None:
    """Score all detections again, and make `results.csv` and `per_class.csv` from that."""
    rows = raw_rows(subject.folder.table("results.csv"))
    names = [name for name in _KEY if not rows or name in rows[0]]  # runs of earlier versions know of no variants
    named = {tuple(row[name] for name in names): row for row in rows}
    evaluations = Evaluations(subject, check)
    results: list[ResultRow] = []
    classes: list[ClassRow] = []
    wanted = list(_expected_rows(subject))
    with progress.task("scoring", len(wanted), "row") as advance:
        for done, cells in enumerate(wanted, start=1):
            key = tuple("" if cells[name] is None else str(cells[name]) for name in names)
            where = f"results.csv ({', '.join(cell for cell in key if cell not in ('', TRAINED))})"
            row = named.get(key)
            if row is None:
                check.find(where, "no such row")
                continue
            evaluated = evaluations.of(row["detections"], cells, where)
            if evaluated is not None:
                _check_modules(subject, check, cells, evaluated, evaluations, where)
                _add_rows(cells, evaluated, results, classes)
            advance(done, "")
    cells_compared = 0
    for scored, made in ((table("results.csv"), results), (table("per_class.csv"), classes)):
        path = subject.folder.table(scored.name)
        cells_compared += compare_table(check, path, scored.text(made), later=scored.later)
    for file, known in evaluations.known.items():
        _check_kept(subject, check, file, known.scores)
    _check_stops(subject, check, results)
    _check_mixed(subject, check, evaluations)
    named_files = {f"detections/{Path(file).stem}" for file in evaluations.named}
    for name in sorted(subject.sealed):
        if name.startswith("detections/") and name.rpartition(".")[0] not in named_files:
            check.find(name, "no row of results.csv names it, nor of batchnorm.csv")
    again = f"{len(evaluations.known)} detections files scored again"
    check.checked = f"{again}, {cells_compared} cells of results and per_class compared"
    if subject.without_checkpoints:
        check.notes.append("that detections come from the checkpoints was not checked: they were left out")


def _expected_rows(subject: SealedRun) -> Iterator[dict[str, Any]]:
    """Yield, for every row of the results in order, the cells that do not depend on scores."""
    manifest = subject.manifest
    for model, about in manifest["models"].items():
        heads = _heads(manifest, model)
        attach_points = attach_points_of(manifest["suite"]["attach_points"], about["head"])
        for place in of_original(heads):
            yield place.cells(model, None, 0)
        for arm in manifest["arms"]:
            if arm["model"] == model:
                for epoch in subject.checkpoints.get(arm["arm"], ()):
                    for place in of_checkpoint(heads, attach_points):
                        yield place.cells(model, arm, epoch)


def _heads(manifest: Manifest, model: str) -> list[HeadMode]:
    return scored_heads(manifest["suite"]["evaluation"]["heads"], two_heads=manifest["models"][model]["two_heads"])


def _add_rows(cells: dict[str, Any], evaluated: Evaluated, results: list[ResultRow], classes: list[ClassRow]) -> None:
    measured = asdict(evaluated.scores)
    per_class = measured.pop("per_class")
    results.append(ResultRow(**cells, dataset=evaluated.dataset.name, **measured, detections=evaluated.file))
    shared = {key: cells[key] for key in ("arm", "epoch", "role", "attach", "head", "variant")}
    names = evaluated.dataset.classes
    classes += [ClassRow(**shared, label=label, name=names[label], ap=ap) for label, ap in per_class.items()]


def _check_stops(subject: SealedRun, check: CheckResult, results: list[ResultRow]) -> None:
    """Check arms that stopped for lack of patience: none of their last scores may be better than an earlier one."""
    for index, arm in enumerate(subject.manifest["arms"]):
        if arm["stopped"] is None or arm["diverged"]:
            continue
        rows = [row for row in results if row.arm == arm["arm"] and row.role == "target"]
        scores = [row.ap or 0.0 for row in rows if row.head == rows[0].head]
        patience = arm["train"]["patience"]
        if len(scores) <= patience or max(scores[-patience:]) > scores[-patience - 1]:
            check.find(f"manifest.json, arms[{index}].stopped", "its target AP gave no reason to stop")


def _check_modules(
    subject: SealedRun,
    check: CheckResult,
    cells: dict[str, Any],
    evaluated: Evaluated,
    evaluations: Evaluations,
    where: str,
) -> None:
    """Check that the network consists of the original's and the checkpoint's modules, as its row says."""
    original = evaluations.original(cells["model"])
    if cells["variant"] != TRAINED or original is None:
        return  # which tensors other variants mix, only the original itself tells
    branch = subject.branch(cells["arm"], cells["epoch"])
    if branch is None:
        return
    head, start = subject.manifest["models"][cells["model"]]["head"], cells["freeze_point"]
    end = head + 1
    if cells["role"] == "reference":
        end = resolve_attach_point(cells["attach"], freeze_point=start, head=head)
    empty = hash_arrays({})
    expected = [
        branch.modules.get(index, empty) if start <= index < end else content for index, content in enumerate(original)
    ]
    if len(evaluated.modules) != len(expected):
        check.find(where, f"its network has {len(evaluated.modules)} modules, expected {len(expected)}")
    for index, pair in enumerate(zip(evaluated.modules, expected, strict=False)):
        if pair[0] != pair[1]:
            owner = "its checkpoint" if start <= index < end else "the original"
            check.find(f"{where}, detections", f"module {index} of the network is not that of {owner}")


def _check_mixed(subject: SealedRun, check: CheckResult, evaluations: Evaluations) -> None:
    """Check that `batchnorm.csv` has a row for each variant of last checkpoints, and read the detections it names."""
    manifest = subject.manifest
    if not manifest["suite"]["evaluation"]["drift"]:
        return
    expected = []
    for arm in manifest["arms"]:
        for epoch in subject.checkpoints[arm["arm"]][-1:]:
            shares = batchnorm_of_checkpoint(_heads(manifest, arm["model"]))
            expected += [(arm["arm"], str(epoch), head, adapted) for head, adapted in shares]
    rows = raw_rows(subject.folder.table("batchnorm.csv"))
    named = [tuple(row[name] for name in ("arm", "epoch", "head", "adapted")) for row in rows]
    check.expect("batchnorm.csv, its rows", list(map(", ".join, named)), list(map(", ".join, expected)))
    for row, name in zip(rows, named, strict=True):
        if row["detections"]:
            evaluations.of(row["detections"], {**row, "role": "reference"}, f"batchnorm.csv ({', '.join(name)})")


def _check_kept(subject: SealedRun, check: CheckResult, file: str, scores: Scores) -> None:
    """Check the scores that lie beside a detections file."""
    name = f"detections/{file.removesuffix('.safetensors')}.json"
    try:
        kept = read_record(subject.folder.path / name)
    except CorruptRunError as error:
        check.find(name, error.problem)
        return
    for key, value in json.loads(json.dumps(asdict(scores))).items():
        check.expect(f"{name}, {key}", kept.get(key, "nothing"), value)
