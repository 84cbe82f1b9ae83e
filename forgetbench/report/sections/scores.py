"""One table per model and head: what treatments gain and forget, and what a reader has to know of it."""

from __future__ import annotations

from collections.abc import Iterator

from forgetbench.analyse.tradeoff import Outcome, Treatment, treatment_of
from forgetbench.data.images.shared import shared_warning
from forgetbench.record.due import checkpoint_epochs
from forgetbench.record.manifest import ArmRecord
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.blocks import Block, Heading, Items, Name, Table, Text, joined, text
from forgetbench.report.model_view import ModelView
from forgetbench.report.sections.evidence import evidence
from forgetbench.report.style import heading
from forgetbench.report.text import counted_seeds, interval, points, share

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


def section(view: ModelView) -> Iterator[Block]:
    """Yield a model's scores by head, with how sure they are."""
    for head in view.outcomes:
        called = _called(view, head)
        yield Heading(text(called, ": ", view.versus), level=2)
        yield score_table(view, head, reference_ap=True)
        yield Items(list(remarks(view, head)))
        sure = list(evidence(view, head))
        yield from [Heading(text(called, ": how sure")), *sure] if sure else []


def in_brief(view: ModelView) -> Iterator[Block]:
    """Yield a model's scores by head without the AP that forgetting comes from."""
    for head in view.outcomes:
        yield Heading(text(_called(view, head), ": ", view.versus), level=2)
        yield score_table(view, head, reference_ap=False)
        yield Items(list(remarks(view, head)))


def _called(view: ModelView, head: str) -> Text:
    """Return a model's name, with that of the head where it has two."""
    return (Name(view.name), ", ", Name(head), " head") if view.about["two_heads"] else Name(view.name)


def score_table(view: ModelView, head: str, *, reference_ap: bool) -> Table:
    """Return a treatment a row, target AP and gain, then forgetting per attach point, with intervals.

    With `reference_ap`, the AP that forgetting comes from stands before it.
    """
    found = view.outcomes[head]
    attaches = list(dict.fromkeys(outcome.attach for outcome in found))
    called = heading(outcome.treatment for outcome in found)
    header: list[Text] = [f"{called} ({counted_seeds(view.run.seeds)})", "trainable", "target AP", "gain"]
    for attach in attaches:
        named = Name(str(attach))
        header += [("reference AP, ", named)] if reference_ap else []
        header.append(("forgetting, ", named))
    rows = [
        _row(
            view,
            head,
            treatment,
            {one.attach: one for one in found if one.treatment == treatment},
            attaches,
            reference_ap,
        )
        for treatment in dict.fromkeys(outcome.treatment for outcome in found)
    ]
    return Table(header, rows)


def _row(
    view: ModelView,
    head: str,
    treatment: Treatment,
    mine: dict[str | None, Outcome],
    attaches: list[str | None],
    reference_ap: bool,
) -> list[Text]:
    first = next(iter(mine.values()))
    arm = next(arm for arm in view.arms if treatment_of(arm) == treatment)
    row: list[Text] = [
        Name(arm["label"]),
        share(arm["trainable_parameters"], arm["parameters"]),
        points(first.target_ap),
        _with_interval(points(first.gain, signed=True), view.gained(head, treatment)),
    ]
    for attach in attaches:
        row += [points(mine[attach].reference_ap)] if reference_ap else []
        row.append(_with_interval(points(mine[attach].forgetting), view.lost(head, attach, treatment)))
    return row


def _with_interval(value: str, row: EvidenceRow | None) -> str:
    known = interval(row.low, row.high) if row and not row.by_construction else ""
    return f"{value} {known}".rstrip()


def remarks(view: ModelView, head: str) -> Iterator[Text]:
    """Yield what a reader has to know to read the table rightly."""
    reference, scored = view.run.data["reference"], [view.run.data["target"], view.run.data["reference"]]
    yield (
        f"Original: AP {points(view.original.get(head))} on ",
        Name(reference["name"]),
        f" ({reference['images']} images, {reference['instances']} boxes). AP, gain and forgetting are in points of "
        "AP@[.50:.95] after each arm's last epoch; forgetting is the original's AP minus the arm's, positive means "
        "lost; 0 without decimals is exact.",
    )
    for one in scored:
        if of := one.get("subset_of"):
            yield Name(one["name"]), " is ", Name(of), ": enough to see whole points, too little to quote an AP."
    for one in scored:
        if warning := shared_warning("{}", one["images"], one["oddities"]):
            before, _, after = warning.partition("{}")
            yield f"Mind: {before}", Name(one["name"]), f"{after}."
    if view.about["two_heads"]:
        yield SCORED_BY[head]
    yield from _in_score(view, head)
    yield _gain_over(view, head)
    several = f"Means over {view.run.seeds} seeds. Brackets: 95 % intervals over images and seeds."
    yield _ONE_SEED if view.run.seeds == 1 else several
    seeds = {outcome.treatment: outcome.seeds for outcome in view.outcomes[head]}
    for treatment, count in seeds.items():
        if count < view.run.seeds:
            yield Name(view.labels[treatment]), f": means over {count} of {view.run.seeds} seeds."
    for arm in view.arms:
        if why := arm.get("stopped"):
            yield Name(arm["arm"]), " ended early: ", Name(why), _last_checkpoint(view, arm), "."
        if arm.get("skipped_steps"):
            yield Name(arm["arm"]), f" left out {arm['skipped_steps']} steps whose gradient was not finite."


def _gain_over(view: ModelView, head: str) -> Text:
    """Return what gain is measured against."""
    baseline = view.baseline
    if not baseline:
        return _NO_GAIN
    having = [one.seeds for one in view.outcomes[head] if view.labels[one.treatment] == baseline]
    if having:
        only = "" if having[0] == view.run.seeds else ", in the seeds where it has one"
        return "Gain is over the last checkpoint of freeze point ", Name(baseline), f"{only}."
    return "Gain is not measured: it would be over freeze point ", Name(baseline), ", which has no checkpoint."


def _last_checkpoint(view: ModelView, arm: ArmRecord) -> str:
    """Return what is scored of an arm that diverged; nothing of other arms."""
    if not arm.get("diverged"):
        return ""
    every, epochs = view.run.suite["evaluation"]["every"], view.run.suite["train"]["epochs"]
    kept = checkpoint_epochs(arm["epochs"], every, epochs, diverged=True)
    return f"; its last checkpoint is that of epoch {kept[-1]}" if kept else "; it has no checkpoint to score"


def _in_score(view: ModelView, head: str) -> Iterator[Text]:
    """Yield how many of the reference's objects are found above a score of 0.25, if other than the original's."""
    found = view.standings[head]["reference"]
    recall = {row.label: row.value for row in found.rows if row.measure == "recall_at_0.25"}
    before = recall.pop(ORIGINAL, None)
    changed = {label: value for label, value in recall.items() if value != before}
    if before is None or not changed:
        return
    yield text(
        f"In score: above 0.25 the original finds {points(before)} % of the reference's objects, under attach = head "
        "the arms find: ",
        joined((Name(label), f" {points(value)}") for label, value in changed.items()),
        ".",
    )
