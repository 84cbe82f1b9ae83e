"""The part of a report on what was forgotten and learnt, from a run's `classes.csv` and `errors.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from forgetbench.analyse.forgotten import ClassChange, MeasureChange
from forgetbench.analyse.tables import RunTables, read_table, rows_of
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.forgotten_charts import draw_classes, draw_errors
from forgetbench.report.forgotten_text import forgotten_section
from forgetbench.report.style import Look, heading, save_figure
from forgetbench.report.text import Section, counted_seeds

_TITLES = {"reference": "what was forgotten", "target": "what was learnt"}


def write_what_forgotten(
    folder: Path, figures: Path, tables: RunTables, model: str, subject: str, looks: Mapping[Treatment, Look]
) -> Section | None:
    """Draw a model's charts of classes and errors and return its section; None where nothing changed.

    Args:
        folder: The run.
        figures: Folder that charts go to.
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
    written: list[Path] = []
    for head in heads:
        of_head, suffix = (f", {head} head", f"-{head}") if len(heads) > 1 else ("", "")
        honest = [row for row in measures if row.head == head and _is_honest(row)]
        for role, title in _TITLES.items():
            in_role = [row for row in measures if (row.head, row.role) == (head, role)]
            shown = [row for row in classes if (row.head, row.role) == (head, role) and _is_honest(row)]
            if not in_role:
                continue
            parts += [
                f"### {model}{of_head}: {title} ({tables.manifest['data'][role]['name']})",
                forgotten_section(shown, in_role, f"{called} ({counted_seeds(in_role[0].seeds)})"),
            ]
            if shown:
                figure = draw_classes(shown, by_label, called, f"{title.capitalize()}, by class\n{subject}{of_head}")
                written += save_figure(figure, figures, f"classes-{model}-{role}{suffix}")
                parts.append(_image(written[-1]))
        if honest:
            figure = draw_errors(honest, by_label, called, f"Classification against localisation: {subject}{of_head}")
            written += save_figure(figure, figures, f"errors-{model}{suffix}")
            parts.append(_image(written[-1]))
    return Section("\n\n".join(parts), written) if parts else None


def _is_honest(row: ClassChange | MeasureChange) -> bool:
    """Tell whether a row is of the target, or of the adapted trunk under the original's head."""
    return row.attach in (None, "head")


def _image(path: Path) -> str:
    return f"![{path.stem}](figures/{path.stem}.png)"
