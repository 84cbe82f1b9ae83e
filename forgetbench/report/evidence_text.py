"""What the summary says of how sure the differences are, and of claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.evidence import EvidenceRow
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.tradeoff import ORIGINAL
from forgetbench.analyse.verdicts import together
from forgetbench.record.tables import RunTables
from forgetbench.report.text import counted_seeds, interval, markdown_table, points
from forgetbench.shown import in_markdown
from forgetbench.suite.claims import Measure

#: Differences between arms that a summary shows at most.
MOST_PAIRS = 12
MEASURES: dict[Measure, str] = {
    "ap": "AP",
    "ap50": "AP50",
    "recall_at_0.25": "recall at 0.25",
    "precision_at_0.25": "precision at 0.25",
    "f1_at_0.25": "F1 at 0.25",
    "recall_at_best_f1": "recall at the original's best threshold",
    "precision_at_best_f1": "precision at the original's best threshold",
    "f1_at_best_f1": "F1 at the original's best threshold",
}
#: Those whose intervals have a table of their own; the others have theirs where they are shown.
RANKED = ("ap", "ap50")


def evidence_section(tables: RunTables, model: str, head: str, baseline: str | None) -> str:
    """Return the tables of intervals of one model and head, empty if there are none.

    Differences that are zero by construction have none to show.

    Args:
        tables: The run.
        model, head: Which.
        baseline: Label of the reference arm, None if gain was not measured.
    """
    found = EvidenceTable(tables.evidence)
    mine = [
        row
        for row in found.rows
        if (row.model, row.head) == (model, head)
        and row.measure in RANKED
        and row.images_low is not None
        and not row.by_construction
    ]
    if not mine:
        return ""
    several = any(row.seeds > 1 for row in mine)
    header = [counted_seeds(max(row.seeds for row in mine)), "attach", "measure", "points", "95 % over images"]
    header += ["over seeds", "over both"] if several else []
    to_baseline = [row for row in mine if row.against == (baseline if row.quantity == "gain" else ORIGINAL)]
    pairs = [row for row in mine if row.against not in (ORIGINAL, baseline) and row.measure == "ap"]
    parts = [markdown_table(header, [_cells(row, several) for row in to_baseline], left=3)]
    if len(pairs) > MOST_PAIRS:
        parts.append(f"{len(pairs)} differences between arms are in evidence.csv.")
    elif pairs:
        parts += ["Arm against arm:", markdown_table(header, [_cells(row, several) for row in pairs], left=3)]
    resamples = tables.manifest["suite"]["evaluation"]["resamples"]
    parts.append(
        "Last checkpoints. "
        f"Percentile intervals of {resamples} paired resamples of the images, each image as often as it was drawn. "
        "They tell what other images might have given"
        + (
            "; those over seeds, Student's t, what other seeds might have; both together in the last column."
            if several
            else " for these very checkpoints; what another seed would have given is unknown."
        )
    )
    return "\n\n".join(parts)


def _cells(row: EvidenceRow, several: bool) -> list[str]:
    named = f"{row.quantity} of {in_markdown(row.treatment)} against {in_markdown(row.against)}"
    measured = points(row.value, signed=row.quantity == "gain")
    cells = [
        named,
        in_markdown(row.attach or ""),
        MEASURES[row.measure],
        measured,
        interval(row.images_low, row.images_high),
    ]
    return cells + ([interval(row.seeds_low, row.seeds_high), interval(row.low, row.high)] if several else [])


def claims_section(tables: RunTables) -> str:
    """Return the claims, what was measured of them, and the verdicts; empty if the suite has none."""
    parts = []
    for claim, mine in _claims(tables):
        names = [[in_markdown(name or "") for name in (row.treatment, row.model, row.head)] for row in mine]
        rows = [[*named, _measured(row), _span(row), _said(row)] for named, row in zip(names, mine, strict=True)]
        header = ["arm", "model", "head", "measured", "95 % interval", "verdict"]
        parts += [
            f"### {in_markdown(claim['name'])}: {_verdict_on(claim, mine)}",
            f"Claimed: {in_markdown(claim['says'], web=True)} ({in_markdown(claim['source'], web=True)}).",
            f"Tested as: {in_markdown(_bound_of(claim))}.",
            markdown_table(header, rows, left=3),
        ]
    return "\n\n".join(["## Claims", *parts]) if parts else ""


def claim_lines(tables: RunTables) -> Iterator[str]:
    """Yield what the terminal says of each claim: the verdict, and which arms it comes from."""
    for claim, mine in _claims(tables):
        by_verdict: dict[str, list[str]] = {}
        several_heads = len({row.head for row in mine}) > 1
        for row in mine:
            name = f"{row.model} {row.treatment}" if len(claim["compared"]) > 1 else row.treatment
            name += f" {row.head}" if several_heads else ""
            figures = "" if row.by_construction else f" {_measured(row)} {_span(row)}".rstrip()
            by_verdict.setdefault(_said(row), []).append(name + figures)
        details = "; ".join(f"{verdict}: {', '.join(arms)}" for verdict, arms in by_verdict.items())
        yield f"claim {claim['name']} ({_bound_of(claim)}): {_verdict_on(claim, mine)}. {details}"


def _claims(tables: RunTables) -> Iterator[tuple[dict[str, Any], list[ClaimRow]]]:
    rows = list(claim_rows(tables))
    for claim in tables.manifest.get("claims", []):
        yield claim, [row for row in rows if row.claim == claim["name"]]


def _verdict_on(claim: Mapping[str, Any], rows: Sequence[ClaimRow]) -> str:
    """Return the verdict on a claim as a whole, marked where it holds by construction or rests on one seed."""
    whole = together((row.verdict for row in rows), claim["of"])
    agreeing = [row for row in rows if row.verdict == whole]
    if agreeing and all(row.by_construction for row in agreeing):
        return f"{whole} (by construction)"
    return f"{whole} (1 seed)" if any(row.seeds == 1 for row in agreeing if not row.by_construction) else whole


def _bound_of(claim: Mapping[str, Any]) -> str:
    """Return what is tested, e.g. `forgetting of every arm below 0.1 points of AP, attach = head`."""
    side, bound = ("below", claim["below"]) if claim["below"] is not None else ("above", claim["above"])
    against = ", ".join(dict.fromkeys(compared["against"] for compared in claim["compared"]))
    if claim["quantity"] in ("memory", "time"):
        return f"{claim['quantity']} of {claim['of']} arm {side} {bound:g} times that of {against}"
    over = f" over {against}" if claim["quantity"] == "gain" else ""
    if claim["quantity"] == "forgetting" and against != ORIGINAL:
        over = f", less that of {against},"
    if claim.get("at_gain") is not None:
        over = f" at a gain of {100 * claim['at_gain']:g} points{over}"
    attach = f", attach = {claim['attach']}" if claim["attach"] is not None else ""
    bounds = f"{side} {100 * bound:g} points of {MEASURES[claim['measure']]}"
    return f"{claim['quantity']}{over} of {claim['of']} arm {bounds}{attach}"


def _said(row: ClaimRow) -> str:
    """Return a row's verdict, marked where it follows from how networks are put together, or rests on one seed."""
    if row.by_construction:
        return f"{row.verdict} (by construction)"
    return f"{row.verdict} (1 seed)" if row.seeds == 1 and row.value is not None else row.verdict


def _measured(row: ClaimRow) -> str:
    if row.value is not None and row.quantity in ("memory", "time"):
        return f"{row.value:.2f}"
    return points(row.value, signed=row.quantity == "gain")


def _span(row: ClaimRow) -> str:
    return "" if row.quantity in ("memory", "time") else interval(row.low, row.high)
