"""Drawing a run: its charts and its summary, from its tables alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from forgetbench.analyse.costs import costs, module_norms, shared_seconds_per_step
from forgetbench.analyse.evidence import EvidenceRow
from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.analyse.tradeoff import ORIGINAL, Treatment, original_ap
from forgetbench.analyse.uncertainty import Interval
from forgetbench.errors import printable
from forgetbench.files import write_text
from forgetbench.record.tables import RunTables, read_tables
from forgetbench.report.cam_text import cam_figures
from forgetbench.report.charts import Bars, draw_curves, draw_tradeoff
from forgetbench.report.cost_charts import draw_costs, draw_gradients
from forgetbench.report.drift_text import write_where_forgotten
from forgetbench.report.figures import Figures
from forgetbench.report.forgotten import write_what_forgotten
from forgetbench.report.front_text import write_fronts
from forgetbench.report.operating_text import write_in_rank_and_score
from forgetbench.report.style import Look, looks, styled
from forgetbench.report.summary import baseline_of, labels_of, points_of, summary_text, versus
from forgetbench.report.text import counted_seeds

#: Parts of the summary about one model, each with its charts.
_SECTIONS = {
    "gain against forgetting": write_fronts,
    "rank and score": write_in_rank_and_score,
    "what was forgotten": write_what_forgotten,
    "where it was forgotten": write_where_forgotten,
}
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
    tables, into = read_tables(folder), into or folder
    figures = Figures(into / "figures")
    first: dict[str, list[str]] = {}
    forgotten: dict[str, str] = {}
    with styled():
        for model in tables.models:
            drawn = figures.attempt(f"scores and costs of {model}", partial(_draw_model, tables, model, figures))
            first[model] = drawn or []
            look, subject = looks_of(tables, model), subject_of(tables, model)
            sections = [
                figures.attempt(f"{name} of {model}", partial(write, folder, figures, tables, model, subject, look))
                for name, write in _SECTIONS.items()
            ]
            forgotten[model] = "\n\n".join(filter(None, sections))
    cams = {model: cam_figures(folder, model) for model in tables.models}
    text = figures.attempt("summary.md", lambda: summary_text(tables, first, cams, forgotten))
    for remark in figures.remarks():
        if warn is not None:
            warn(remark)
    summary = into / "summary.md"
    write_text(summary, _UNWRITTEN if text is None else text)
    return [*figures.written, summary]


def looks_of(tables: RunTables, model: str) -> dict[Treatment, Look]:
    """Return the look of each of a model's treatments."""
    return looks(labels_of(tables, model).items())


def subject_of(tables: RunTables, model: str) -> str:
    """Return what a model's charts say they are about, with how many seeds they rest on."""
    data, seeds = tables.manifest["data"], counted_seeds(len(tables.manifest["suite"]["seeds"]))
    return f"{model}, {versus(data, printable)}, {seeds}"


def _bars(tables: RunTables, model: str) -> Bars:
    """Return what gives a treatment's intervals of forgetting and gain."""
    evidence, labels, baseline = EvidenceTable(tables.evidence), labels_of(tables, model), baseline_of(tables, model)

    def bars(head: str, attach: str | None, treatment: Treatment) -> tuple[Interval | None, Interval | None]:
        lost = evidence.find(model, head, attach, "forgetting", labels[treatment], ORIGINAL)
        gained = evidence.find(model, head, None, "gain", labels[treatment], baseline) if baseline else None
        return _interval(lost), _interval(gained)

    return bars


def _interval(row: EvidenceRow | None) -> Interval | None:
    return None if row is None or row.low is None or row.high is None else (row.low, row.high)


def _draw_model(tables: RunTables, model: str, figures: Figures) -> list[str]:
    """Draw a model's charts of scores and costs; returns the Markdown that shows them."""
    points, look = points_of(tables, model), looks_of(tables, model)
    about = tables.manifest["models"][model]
    arms = tables.arms(model)
    subject = subject_of(tables, model)
    draws: dict[str, Callable[[], Figure]] = {}
    if any(point.gain is not None for point in points):
        title = f"Gain against forgetting: {subject}"
        draws["gain-forgetting"] = lambda: draw_tradeoff(points, _bars(tables, model), look, title)
    original = {head: ap for (name, head), ap in original_ap(tables.results).items() if name == model}
    if points:
        draws["ap-epochs"] = lambda: draw_curves(points, original, look, f"AP over epochs: {subject}")
    norms = module_norms(arms, tables.gradients)
    if norms:
        draws["gradients"] = lambda: draw_gradients(
            norms, look, about["neck"], about["head"], f"Gradient norms by module: {subject}"
        )
    spent = costs(arms, tables.memory, tables.times)
    if any(cost.total is not None or cost.step_seconds is not None for cost in spent):
        shared = shared_seconds_per_step(tables.times, model)
        draws["costs"] = lambda: draw_costs(spent, shared, look, f"Cost of training: {subject}")
    return list(filter(None, (figures.add(f"{kind}-{model}", draw) for kind, draw in draws.items())))
