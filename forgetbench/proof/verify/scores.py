"""Whether a run's scores follow from its detections and annotations, and these from its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forgetbench.analyse.tradeoff import ORIGINAL
from forgetbench.derive.tables import table
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.coco import Scores
from forgetbench.progress import Progress
from forgetbench.proof.verify.branchfile import hash_arrays
from forgetbench.proof.verify.compare import compare_table, rows_of
from forgetbench.proof.verify.detections import Evaluated, Evaluations
from forgetbench.proof.verify.findings import Part, Subject
from forgetbench.record.json_record import read_record
from forgetbench.record.rows.scores import ClassRow, ResultRow
from forgetbench.suite.points import resolve_attach_point

#: What tells rows of `results.csv` apart.
_KEY = ("arm", "model", "epoch", "role", "attach", "head")


def check_scores(subject: Subject, part: Part, progress: Progress) -> None:
    """Score all detections again, and make `results.csv` and `per_class.csv` from that."""
    named = {tuple(row.get(key) for key in _KEY): row for row in rows_of(subject.folder.table("results.csv"))}
    evaluations = Evaluations(subject, part)
    results: list[ResultRow] = []
    classes: list[ClassRow] = []
    wanted = list(_expected_rows(subject))
    with progress.task("scoring", len(wanted), "row") as advance:
        for done, cells in enumerate(wanted, start=1):
            key = tuple("" if cells[name] is None else str(cells[name]) for name in _KEY)
            where = f"results.csv ({', '.join(filter(None, key))})"
            row = named.get(key)
            if row is None:
                part.find(where, "no such row")
                continue
            evaluated = evaluations.of(row["detections"], cells, where)
            if evaluated is not None:
                _check_modules(subject, part, cells, evaluated, evaluations, where)
                _add_rows(cells, evaluated, results, classes)
            advance(done, "")
    cells_compared = 0
    for name, rows in (("results.csv", results), ("per_class.csv", classes)):
        cells_compared += compare_table(part, subject.folder.table(name), table(name).text(rows))
    for name, evaluated in evaluations.known.items():
        _check_kept(subject, part, name, evaluated.scores)
    _check_stops(subject, part, results)
    _read_mixed(subject, evaluations)
    named_files = {f"detections/{Path(file).stem}" for file in evaluations.named}
    for name in sorted(subject.sealed):
        if name.startswith("detections/") and name.rpartition(".")[0] not in named_files:
            part.find(name, "no row of results.csv names it, nor of batchnorm.csv")
    scored = f"{len(evaluations.known)} detections files scored again"
    part.checked = f"{scored}, {cells_compared} cells of results and per_class compared"
    if subject.without_checkpoints:
        part.notes.append("that detections come from the checkpoints was not checked: they were left out")


def _expected_rows(subject: Subject) -> Iterator[dict[str, Any]]:
    """Yield the cells of every row of the results that its scores do not decide, in order."""
    manifest = subject.manifest
    evaluation = manifest["suite"]["evaluation"]
    for model, about in manifest["models"].items():
        heads = evaluation["heads"] if about["two_heads"] else ["one-to-many"]
        shared = {"model": model, "freeze_point": None, "strategy": None, "setting": None, "seed": None}
        for head in heads:
            yield {**shared, "arm": ORIGINAL, "epoch": 0, "role": "reference", "attach": "head", "head": head}
        for arm in manifest["arms"]:
            if arm["model"] != model:
                continue
            shared = {key: arm[key] for key in ("arm", "model", "freeze_point", "strategy", "setting", "seed")}
            for epoch in subject.checkpoints.get(arm["arm"], ()):
                for head in heads:
                    yield {**shared, "epoch": epoch, "role": "target", "attach": None, "head": head}
                    for attach in map(str, manifest["suite"]["attach_points"]):
                        yield {**shared, "epoch": epoch, "role": "reference", "attach": attach, "head": head}


def _add_rows(cells: dict[str, Any], evaluated: Evaluated, results: list[ResultRow], classes: list[ClassRow]) -> None:
    measured = asdict(evaluated.scores)
    per_class = measured.pop("per_class")
    results.append(ResultRow(**cells, dataset=evaluated.dataset.name, **measured, detections=evaluated.file))
    shared = {key: cells[key] for key in ("arm", "epoch", "role", "attach", "head")}
    names = evaluated.dataset.classes
    classes += [ClassRow(**shared, label=label, name=names[label], ap=ap) for label, ap in per_class.items()]


def _check_stops(subject: Subject, part: Part, results: list[ResultRow]) -> None:
    """Check that arms which ran out of patience had reason to: none of their last scores is better than one before."""
    for index, arm in enumerate(subject.manifest["arms"]):
        if arm["stopped"] is None or arm["diverged"]:
            continue
        rows = [row for row in results if row.arm == arm["arm"] and row.role == "target"]
        scores = [row.ap or 0.0 for row in rows if row.head == rows[0].head]
        patience = arm["train"]["patience"]
        if len(scores) <= patience or max(scores[-patience:]) > scores[-patience - 1]:
            part.find(f"manifest.json, arms[{index}].stopped", "its target AP gave no reason to stop")


def _check_modules(
    subject: Subject, part: Part, cells: dict[str, Any], evaluated: Evaluated, evaluations: Evaluations, where: str
) -> None:
    """Check that the network was put together of the original's modules and the checkpoint's, as its row says."""
    original = evaluations.original(cells["model"])
    if cells["arm"] == ORIGINAL or original is None:
        return
    branch = subject.branch(cells["arm"], cells["epoch"])
    if branch is None:
        return
    head, start = subject.manifest["models"][cells["model"]]["head"], cells["freeze_point"]
    end = head + 1
    if cells["role"] == "reference":
        attach = cells["attach"]
        end = resolve_attach_point(int(attach) if attach.isdecimal() else attach, freeze_point=start, head=head)
    empty = hash_arrays({})
    expected = [
        branch.modules.get(index, empty) if start <= index < end else content for index, content in enumerate(original)
    ]
    if len(evaluated.modules) != len(expected):
        part.find(where, f"its network has {len(evaluated.modules)} modules, expected {len(expected)}")
    for index, pair in enumerate(zip(evaluated.modules, expected, strict=False)):
        if pair[0] != pair[1]:
            owner = "its checkpoint" if start <= index < end else "the original"
            part.find(f"{where}, detections", f"module {index} of the network is not that of {owner}")


def _read_mixed(subject: Subject, evaluations: Evaluations) -> None:
    """Read the detections of networks with a part of a checkpoint; which tensors these mix, only the original tells."""
    if not subject.manifest["suite"]["evaluation"]["drift"]:
        return
    for row in rows_of(subject.folder.table("batchnorm.csv")):
        if row["detections"]:
            where = ", ".join(row[name] for name in ("arm", "epoch", "head", "adapted"))
            evaluations.of(row["detections"], {**row, "role": "reference"}, f"batchnorm.csv ({where})")


def _check_kept(subject: Subject, part: Part, file: str, scores: Scores) -> None:
    """Check the scores that lie beside a detections file."""
    name = f"detections/{file.removesuffix('.safetensors')}.json"
    try:
        kept = read_record(subject.folder.path / name)
    except CorruptRunError as error:
        part.find(name, error.problem)
        return
    for key, value in json.loads(json.dumps(asdict(scores))).items():
        part.expect(f"{name}, {key}", kept.get(key, "nothing"), value)
