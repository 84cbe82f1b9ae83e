"""What a run's report says, without drawing a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from forgetbench.report.blocks import Block
from forgetbench.report.markdown import markdown
from forgetbench.report.model_view import ModelView
from forgetbench.report.sections import FIRST, LAST, OF_MODEL
from forgetbench.report.terminal import TitledTable
from forgetbench.report.view import read_view
from forgetbench.report.write import terminal_report

#: Title, header and rows of a table, and the lines below it.
Shown = tuple[str, list[str], list[list[str]], list[str]]


def model_of(run: Path) -> ModelView:
    """Return the only model of a run."""
    (model,) = read_view(run).models
    return model


def section_of(run: Path, section: Callable[[ModelView], Iterable[Block]]) -> str:
    """Return a section of a run's only model as Markdown, with all the charts it has a place for; maybe none."""
    return markdown(section(model_of(run))).rstrip("\n")


def summary_of(run: Path) -> str:
    """Return the whole summary of a run, with all the charts it has a place for."""
    view = read_view(run)
    blocks = [block for section in FIRST.values() for block in section(view)]
    blocks += [block for model in view.models for section in OF_MODEL.values() for block in section(model)]
    return markdown([*blocks, *(block for section in LAST.values() for block in section(view))])


def terminal_of(run: Path) -> list[Shown]:
    """Return the tables that a terminal shows of a run."""
    shown: list[Shown] = []
    for part in terminal_report(run):
        if isinstance(part, TitledTable):
            shown.append((part.title, part.header, part.rows, []))
        elif not part.startswith("claim "):
            shown[-1][3].append(part)
    return shown


def claims_of(run: Path) -> list[str]:
    """Return what a terminal says of a run's claims."""
    return [part for part in terminal_report(run) if isinstance(part, str) and part.startswith("claim ")]
