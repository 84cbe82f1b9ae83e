"""The classes that the user keeps: what was forgotten of them, beside what was forgotten of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text, joined, text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import counted_seeds, interval, points
from forgetbench.report.words import told_apart

#: Classes that a sentence names at most.
MOST_NAMED = 12


def section(view: ModelView) -> Iterator[Block]:
    """Yield forgetting of all classes and of those kept, a table per head; nothing where the run keeps none."""
    for head, of_head, suffix in told_apart(loss.kept.head for loss in view.kept):
        mine = [loss for loss in view.kept if loss.kept.head == head]
        yield Heading((Name(view.name + of_head), ": the classes you keep"))
        yield Paragraph(_what(view, head))
        header = [f"{view.called} ({counted_seeds(view.run.seeds)})", "attach", "forgetting, all classes", "those kept"]
        rows: list[list[Text]] = [
            [Name(loss.kept.treatment), Name(loss.kept.attach or ""), _lost(loss.whole), _lost(loss.kept)]
            for loss in mine
        ]
        yield Table(header, rows, left=2)
        yield FigureOf(f"kept-{view.name}{suffix}")


def in_brief(view: ModelView) -> Iterator[Block]:
    """Yield a line per head: what was forgotten of the classes kept, under attach = head where that was measured."""
    for head, of_head, _ in told_apart(loss.kept.head for loss in view.kept):
        mine = [loss.kept for loss in view.kept if loss.kept.head == head]
        attach = "head" if any(row.attach == "head" for row in mine) else mine[0].attach
        lost = joined((Name(row.treatment), f" {_lost(row)}") for row in mine if row.attach == attach)
        whose = text(_named(view.run.kept), f" alone{of_head}, attach = ", Name(str(attach)))
        yield Paragraph(text("Forgetting of ", whose, ": ", lost, "."))


def _what(view: ModelView, head: str) -> Text:
    """Return what the numbers are of."""
    said = text("Forgetting in points of AP, over all classes and over ", _named(view.run.kept), " alone")
    before = view.kept_before(head)
    if before is None:
        return text(said, ".")
    said = text(said, f". The original's AP over these is {points(before.ap)}, on {before.boxes:,} boxes")
    return text(said, "; the reference shows no ", _named(before.absent), ".") if before.absent else text(said, ".")


def _named(names: Sequence[str]) -> Text:
    shown = joined(Name(name) for name in names[:MOST_NAMED])
    return text(shown, f" and {len(names) - MOST_NAMED} more") if len(names) > MOST_NAMED else shown


def _lost(row: EvidenceRow | None) -> str:
    if row is None:
        return points(None)
    return f"{points(row.value)} {'' if row.by_construction else interval(row.low, row.high)}".rstrip()
