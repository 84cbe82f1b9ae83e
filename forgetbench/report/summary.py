"""The run in words and one table per model: what `summary.md` and the terminal say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.analyse.evidence import Quantity
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.operating import operating_rows, standings
from forgetbench.analyse.tradeoff import (
    ORIGINAL,
    Outcome,
    Point,
    Treatment,
    original_ap,
    outcomes,
    reference_treatment,
    tradeoff,
    treatment_of,
)
from forgetbench.data.images.shared import shared_warning
from forgetbench.record.tables import RunTables, read_tables
from forgetbench.report.cam_text import cam_section
from forgetbench.report.evidence_text import claim_lines, claims_section, evidence_section
from forgetbench.report.settings_text import cost_table, data_text, settings_text
from forgetbench.report.style import heading
from forgetbench.report.text import Spelling, counted_seeds, interval, markdown_table, points, share
from forgetbench.shown import in_markdown, paragraphs_in_markdown

Table = tuple[list[str], list[list[str]]]
#: Of a model with two heads: which one a table is of, and which one others score.
SCORED_BY = {
    "one-to-one": "This is the one-to-one head, without suppression; since Ultralytics 8.4.142 `yolo val` scores the "
    "one-to-many head unless told `nms=False`.",
    "one-to-many": "This is the one-to-many head, with suppression, which `yolo val` scores by default since "
    "Ultralytics 8.4.142; before, it scored the one-to-one head.",
}
_ONE_SEED = (
    "Brackets: 95 % intervals over images, for these very checkpoints. One seed: how much these numbers vary from seed "
    "to seed is unknown."
)
_NO_GAIN = "No arm has the original's weights below its head, so there is no gain to measure."


def terminal_summary(folder: Path) -> list[tuple[str, list[str], list[list[str]], list[str]]]:
    """Return what the terminal shows of a run: per model and head a title, a header, rows, and remarks.

    Raises:
        CorruptRunError: the run's tables cannot be read.
    """
    tables = read_tables(folder)
    shown = []
    for model in tables.models:
        for head, of_head in _by_head(tables, model):
            header, rows = score_table(tables, of_head, reference_ap=False)
            shown.append((_title(tables, model, head), header, rows, remarks(tables, model, head)))
    return shown


def terminal_claims(folder: Path) -> list[str]:
    """Return a line per claim of the suite: the verdict, and what it comes from.

    Raises:
        CorruptRunError: the run's tables cannot be read.
    """
    return list(claim_lines(read_tables(folder)))


def points_of(tables: RunTables, model: str) -> list[Point]:
    """Return a model's checkpoints as gain and forgetting."""
    results = tables.results[tables.results["model"] == model]
    return tradeoff(results, tables.manifest["reference_arms"])


def labels_of(tables: RunTables, model: str) -> dict[Treatment, str]:
    """Return the treatments of a model and how people read them."""
    return {treatment_of(arm): str(arm["label"]) for arm in tables.arms(model)}


def score_table(tables: RunTables, found: Sequence[Outcome], *, reference_ap: bool, spelt: Spelling = str) -> Table:
    """Return header and rows: a treatment a row, target AP and gain, then forgetting per attach point, with intervals.

    With `reference_ap`, the AP that forgetting comes from stands before it; `spelt` says how names are spelt.
    """
    attaches = list(dict.fromkeys(outcome.attach for outcome in found))
    evidence = EvidenceTable(tables.evidence)
    seeds = counted_seeds(len(tables.manifest["suite"]["seeds"]))
    header = [f"{heading(outcome.treatment for outcome in found)} ({seeds})", "trainable", "target AP", "gain"]
    for attach in attaches:
        named = spelt(str(attach))
        header += ([f"reference AP, {named}"] if reference_ap else []) + [f"forgetting, {named}"]
    rows = []
    for treatment in dict.fromkeys(outcome.treatment for outcome in found):
        mine = {outcome.attach: outcome for outcome in found if outcome.treatment == treatment}
        first = next(iter(mine.values()))
        arm = next(arm for arm in tables.arms(first.model) if treatment_of(arm) == treatment)
        row = [
            spelt(arm["label"]),
            share(arm["trainable_parameters"], arm["parameters"]),
            points(first.target_ap),
            _with_interval(first.gain, evidence, "gain", first, arm["label"], baseline_of(tables, first.model)),
        ]
        for attach in attaches:
            lost = mine[attach]
            row += [points(lost.reference_ap)] if reference_ap else []
            row.append(_with_interval(lost.forgetting, evidence, "forgetting", lost, arm["label"], ORIGINAL))
        rows.append(row)
    return header, rows


def baseline_of(tables: RunTables, model: str) -> str | None:
    """Return the label of the arm that gain is measured against, None if there is none."""
    labels = labels_of(tables, model)
    reference = reference_treatment(labels, tables.manifest["reference_arms"].get(model))
    return labels[reference] if reference else None


def _with_interval(
    value: float | None, evidence: EvidenceTable, quantity: Quantity, shown: Outcome, label: str, against: str | None
) -> str:
    attach = shown.attach if quantity == "forgetting" else None
    row = evidence.find(shown.model, shown.head, attach, quantity, label, against) if against else None
    known = interval(row.low, row.high) if row and not row.by_construction else ""
    return f"{points(value, signed=quantity == 'gain')} {known}".rstrip()


def remarks(tables: RunTables, model: str, head: str, spelt: Spelling = str) -> list[str]:
    """Return what a reader has to know to read the table rightly; `spelt` says how names are spelt."""
    suite, data = tables.manifest["suite"], tables.manifest["data"]
    reference = data["reference"]
    said = [
        f"Original: AP {points(original_ap(tables.results).get((model, head)))} on {spelt(reference['name'])} "
        f"({reference['images']} images, {reference['instances']} boxes). AP, gain and forgetting are in points of "
        "AP@[.50:.95] after each arm's last epoch; forgetting is the original's AP minus the arm's, positive means "
        "lost; 0 without decimals is exact."
    ]
    scored = [data["target"], data["reference"]]
    said += [
        f"{spelt(one['name'])} is {spelt(one['subset_of'])}: enough to see whole points, too little to quote an AP."
        for one in scored
        if one.get("subset_of")
    ]
    shared = (shared_warning(spelt(one["name"]), one["images"], one["oddities"]) for one in scored)
    said += [f"Mind: {line}." for line in shared if line]
    if tables.manifest["models"][model]["two_heads"]:
        said.append(SCORED_BY[head])
    said += _in_score(tables, model, head, spelt)
    baseline = baseline_of(tables, model)
    said.append(f"Gain is over the last checkpoint of freeze point {spelt(baseline)}." if baseline else _NO_GAIN)
    several = f"Means over {len(suite['seeds'])} seeds. Brackets: 95 % intervals over images and seeds."
    said.append(_ONE_SEED if len(suite["seeds"]) == 1 else several)
    for arm in tables.arms(model):
        if arm.get("stopped"):
            said.append(f"{spelt(arm['arm'])} ended early: {spelt(arm['stopped'])}.")
        if arm.get("skipped_steps"):
            said.append(f"{spelt(arm['arm'])} left out {arm['skipped_steps']} steps whose gradient was not finite.")
    return said


def _in_score(tables: RunTables, model: str, head: str, spelt: Spelling) -> list[str]:
    """Return how many of the reference's objects are found above a score of 0.25, if other than the original's."""
    found = standings(tables, operating_rows(tables, model), model, head, "reference", ORIGINAL)
    recall = {row.label: row.value for row in found.rows if row.measure == "recall_at_0.25"}
    before = recall.pop(ORIGINAL, None)
    changed = {label: value for label, value in recall.items() if value != before}
    if before is None or not changed:
        return []
    arms = ", ".join(f"{spelt(label)} {points(value)}" for label, value in changed.items())
    return [
        f"In score: above 0.25 the original finds {points(before)} % of the reference's objects, under attach = head "
        f"the arms find: {arms}."
    ]


def summary_text(
    tables: RunTables,
    figures: Mapping[str, Sequence[str]],
    cams: Mapping[str, Sequence[str]] | None = None,
    forgotten: Mapping[str, str] | None = None,
) -> str:
    """Return `summary.md`.

    Args:
        tables: The run.
        figures: What shows the charts of scores and costs, by model.
        cams: Names of the figures of class activation maps, by model.
        forgotten: The sections on what was forgotten and learnt and where, by model.
    """
    suite = tables.manifest["suite"]
    parts = [f"# {in_markdown(suite['name'])}", paragraphs_in_markdown(suite["description"])]
    for model in tables.models:
        for head, of_head in _by_head(tables, model):
            parts.append(f"## {_title(tables, model, head, in_markdown)}")
            parts.append(markdown_table(*score_table(tables, of_head, reference_ap=True, spelt=in_markdown)))
            parts.append("\n".join(f"- {remark}" for remark in remarks(tables, model, head, in_markdown)))
            sure = evidence_section(tables, model, head, baseline_of(tables, model))
            parts += [f"### {_called(tables, model, head, in_markdown)}: how sure", sure] if sure else []
        named = in_markdown(model)
        parts += [f"### {named}: best epoch, chosen afterwards", _best_epochs(tables, model)]
        parts += [f"### {named}: cost of training", cost_table(tables, model)]
        parts += figures.get(model, ())
        if forgotten and model in forgotten:
            parts.append(forgotten[model])
        if suite.get("cam") and cams and cams.get(model):
            parts.append(cam_section(suite["cam"], cams[model]))
    parts.append(claims_section(tables))
    parts += ["## Settings", settings_text(tables.manifest), "## Data", data_text(tables.manifest)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_head(tables: RunTables, model: str) -> Iterator[tuple[str, list[Outcome]]]:
    found = outcomes(points_of(tables, model))
    for head in dict.fromkeys(outcome.head for outcome in found):
        yield head, [outcome for outcome in found if outcome.head == head]


def _title(tables: RunTables, model: str, head: str, spelt: Spelling = str) -> str:
    return f"{_called(tables, model, head, spelt)}: {versus(tables.manifest['data'], spelt)}"


def _called(tables: RunTables, model: str, head: str, spelt: Spelling) -> str:
    """Return a model's name, with that of the head where it has two."""
    several = tables.manifest["models"][model]["two_heads"]
    return f"{spelt(model)}, {spelt(head)} head" if several else spelt(model)


def versus(data: Mapping[str, Any], spelt: Spelling) -> str:
    """Return the names of target and reference as titles say them; a subset is marked as one."""
    both = (data["target"], data["reference"])
    return " against ".join(spelt(one["name"]) + (" (subset)" if one.get("subset_of") else "") for one in both)


def _best_epochs(tables: RunTables, model: str) -> str:
    """Return the epoch of best target AP per arm: a choice made with the evaluation data, so only for comparison."""
    found = [point for point in points_of(tables, model) if point.target_ap is not None]
    attach = next(iter(dict.fromkeys(point.attach for point in found)), None)
    rows = []
    for arm, head in dict.fromkeys((point.arm, point.head) for point in found):
        best = max(
            (p for p in found if (p.arm, p.head, p.attach) == (arm, head, attach)),
            key=lambda p: (p.target_ap or 0.0, -p.epoch),
        )
        rows.append(
            [in_markdown(arm), in_markdown(head), str(best.epoch), points(best.target_ap), points(best.forgetting)]
        )
    header = ["arm", "head", "epoch", "target AP", f"forgetting, attach = {in_markdown(str(attach))}"]
    return markdown_table(header, rows, left=2) if rows else ""
