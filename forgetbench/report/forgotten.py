"""The part of a report on what was forgotten and learnt, from a run's `classes.csv` and `errors.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from forgetbench.analyse.forgotten import ClassChange, MeasureChange
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.record.tables import RunTables, read_table, rows_of
from forgetbench.report.figures import Figures
from forgetbench.report.forgotten_charts import draw_classes, draw_errors
from forgetbench.report.forgotten_text import forgotten_section
from forgetbench.report.style import Look, heading
from forgetbench.report.text import counted_seeds
from forgetbench.shown import in_markdown

_TITLES = {"reference": "what was forgotten", "target": "what was learnt"}


def write_what_forgotten(
    folder: Path, figures: Figures, tables: RunTables, model: str, subject: str, looks: Mapping[Treatment, Look]
) -> str | None:
    """Draw a model's charts of classes and errors and return its section; None where nothing changed.

    Args:
        folder: The run.
        figures: What draws charts.
        tables: Its tables; `classes.csv` and `errors.csv` are read if they are there.
        model: Which.
        subject: What charts say they are about.
        looks: Look of each treatment.

    Raises:
        CorruptRunError: one of the tables is unreadable.
    """
    paths = [folder / "classes.csv", folder / "errors.csv"]
    if not all(path.is_file() for path in paths):
        return None
    classes = [row for row in rows_of(read_table(paths[0]), ClassChange) if row.model == model]
    measures = [row for row in rows_of(read_table(paths[1]), MeasureChange) if row.model == model]
    by_label = {look.label: look for look in looks.values()}
    called, heads = heading(looks), list(dict.fromkeys(row.head for row in measures))
    parts: list[str] = []
    for head in heads:
        of_head, suffix = (f", {head} head", f"-{head}") if len(heads) > 1 else ("", "")
        honest = [row for row in measures if row.head == head and _is_honest(row)]
        for role, title in _TITLES.items():
            in_role = [row for row in measures if (row.head, row.role) == (head, role)]
            shown = [row for row in classes if (row.head, row.role) == (head, role) and _is_honest(row)]
            if not in_role:
                continue
            parts += [
                f"### {in_markdown(model + of_head)}: {title} ({in_markdown(tables.manifest['data'][role]['name'])})",
                forgotten_section(shown, in_role, f"{called} ({counted_seeds(in_role[0].seeds)})"),
            ]
            if shown:
                about = f"{title.capitalize()}, by class\n{subject}{of_head}"
                draw = partial(draw_classes, shown, by_label, called, about)
                parts.append(figures.add(f"classes-{model}-{role}{suffix}", draw))
        if honest:
            about = f"Classification against localisation: {subject}{of_head}"
            parts.append(figures.add(f"errors-{model}{suffix}", partial(draw_errors, honest, by_label, called, about)))
    return "\n\n".join(filter(None, parts)) or None


def _is_honest(row: ClassChange | MeasureChange) -> bool:
    """Tell whether a row is of the target, or of the adapted trunk under the original's head."""
    return row.attach in (None, "head")
