"""Writing a run's report: its charts and its summary, from its tables alone; and what a terminal shows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from forgetbench.files import write_text
from forgetbench.report.blocks import Block, FigureOf
from forgetbench.report.charts import CHARTS
from forgetbench.report.figures import Figures
from forgetbench.report.markdown import markdown
from forgetbench.report.model_view import ModelView
from forgetbench.report.sections import FIRST, LAST, OF_MODEL, claims, kept, scores
from forgetbench.report.style import chart_style
from forgetbench.report.terminal import TitledTable, terminal
from forgetbench.report.view import RunView, read_view

View = TypeVar("View")
Item = TypeVar("Item")
_UNWRITTEN = "The summary could not be written. The tables have every number, and `forgetbench report` tries again.\n"


def write_report(folder: Path, into: Path | None = None, *, warn: Callable[[str], None] | None = None) -> list[Path]:
    """Write the charts (SVG and PNG) and `summary.md` of a run; what cannot be drawn or told keeps nothing else back.

    Args:
        folder: The run.
        into: Where they are written, by default there.
        warn: Told of charts that could not be drawn or lack glyphs.

    Returns:
        The files written.

    Raises:
        CorruptRunError: the run's tables are missing or unreadable.
    """
    view, into = read_view(folder), into or folder
    figures = Figures(into / "figures")
    with chart_style():
        placed = {model.name: _draw(model, figures) for model in view.models}
    blocks = list(_summary(view, figures, placed))
    text = figures.attempt("summary.md", lambda: markdown(blocks))
    for remark in figures.remarks():
        if warn is not None:
            warn(remark)
    summary = into / "summary.md"
    write_text(summary, _UNWRITTEN if text is None else text)
    return [*figures.written, summary]


def terminal_report(folder: Path) -> list[str | TitledTable]:
    """Return what a terminal shows of a run: each model's scores, also of classes kept, then a line per claim.

    Raises:
        CorruptRunError: the run's tables cannot be read.
    """
    view = read_view(folder)
    blocks = [block for model in view.models for block in (*scores.in_brief(model), *kept.in_brief(model))]
    return list(terminal([*blocks, *claims.in_brief(view)]))


def _draw(model: ModelView, figures: Figures) -> list[str]:
    """Draw a model's charts; returns the names of those that were drawn."""
    before = len(figures.drawn)
    for chart in _made(CHARTS, model, f" of {model.name}", figures):
        figures.add(chart)
    return figures.drawn[before:]


def _summary(view: RunView, figures: Figures, drawn: dict[str, list[str]]) -> Iterator[Block]:
    """Yield all sections with the charts that there are; a chart that no section has a place for ends its model's."""
    yield from _made(FIRST, view, "", figures)
    for model in view.models:
        left = dict.fromkeys(drawn[model.name])
        for block in _made(OF_MODEL, model, f" of {model.name}", figures):
            if not isinstance(block, FigureOf) or block.name in left or block.name in view.maps:
                yield block
            if isinstance(block, FigureOf):
                left.pop(block.name, None)
        yield from map(FigureOf, left)
    yield from _made(LAST, view, "", figures)


def _made(parts: dict[str, Callable[[View], Iterable[Item]]], view: View, of: str, figures: Figures) -> Iterator[Item]:
    """Yield what parts of a report make of a view; of one that fails nothing."""
    for name, make in parts.items():
        yield from figures.attempt(f"{name}{of}", partial(_listed, make, view)) or ()


def _listed(make: Callable[[View], Iterable[Item]], view: View) -> list[Item]:
    return list(make(view))
