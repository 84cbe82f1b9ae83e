"""The suite's claims, what was measured of them, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forgetbench.analyse.verdicts import together
from forgetbench.record.manifest import ClaimRecord
from forgetbench.record.rows.differences import ClaimRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.blocks import Block, Heading, Name, Paragraph, Table, Text, joined, text
from forgetbench.report.text import interval, points
from forgetbench.report.view import RunView
from forgetbench.report.words import MEASURES


def section(view: RunView) -> Iterator[Block]:
    """Yield each claim with a row per arm and head; nothing if the suite has none."""
    if view.claims:
        yield Heading("Claims", level=2)
    for claim, mine in view.claims:
        yield Heading((Name(claim["name"]), f": {_verdict_on(claim, mine)}"))
        yield Paragraph(("Claimed: ", Name(claim["says"], web=True), " (", Name(claim["source"], web=True), ")."))
        yield Paragraph(("Tested as: ", Name(_bound_of(claim)), "."))
        header = ["arm", "model", "head", "measured", "95 % interval", "verdict"]
        yield Table(header, [_row(row) for row in mine], left=3)


def _row(row: ClaimRow) -> list[Text]:
    names = [Name(name or "") for name in (row.treatment, row.model, row.head)]
    return [*names, _measured(row), _span(row), _said(row)]


def in_brief(view: RunView) -> Iterator[Block]:
    """Yield a line per claim: the verdict, and which arms it comes from."""
    for claim, mine in view.claims:
        by_verdict: dict[str, list[Text]] = {}
        several_heads = len({row.head for row in mine}) > 1
        for row in mine:
            name = f"{row.model} {row.treatment}" if len(claim["compared"]) > 1 else row.treatment
            name += f" {row.head}" if several_heads else ""
            figures = "" if row.by_construction else f" {_measured(row)} {_span(row)}".rstrip()
            by_verdict.setdefault(_said(row), []).append((Name(name), figures))
        details = joined((text(f"{verdict}: ", joined(arms)) for verdict, arms in by_verdict.items()), "; ")
        tested = text("claim ", Name(claim["name"]), " (", Name(_bound_of(claim)), f"): {_verdict_on(claim, mine)}. ")
        yield Paragraph(text(tested, details))


def _verdict_on(claim: ClaimRecord, rows: Sequence[ClaimRow]) -> str:
    """Return the verdict on a claim as a whole, marked where it holds by construction or rests on one seed."""
    whole = together((row.verdict for row in rows), claim["of"])
    agreeing = [row for row in rows if row.verdict == whole]
    if agreeing and all(row.by_construction for row in agreeing):
        return f"{whole} (by construction)"
    return f"{whole} (1 seed)" if any(row.seeds == 1 for row in agreeing if not row.by_construction) else whole


def _bound_of(claim: ClaimRecord) -> str:
    """Return what is tested, e.g. `forgetting of every arm below 0.1 points of AP, attach = head`."""
    side = "below" if claim["below"] is not None else "above"
    bound = next(limit for limit in (claim["below"], claim["above"]) if limit is not None)
    against = ", ".join(dict.fromkeys(compared["against"] for compared in claim["compared"]))
    if claim["quantity"] in ("memory", "time"):
        return f"{claim['quantity']} of {claim['of']} arm {side} {bound:g} times that of {against}"
    over = f" over {against}" if claim["quantity"] == "gain" else ""
    if claim["quantity"] == "forgetting" and against != ORIGINAL:
        over = f", less that of {against},"
    gain = claim.get("at_gain")
    if gain is not None:
        over = f" at a gain of {100 * gain:g} points{over}"
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
