"""What is on the charts of costs: read back from the drawn objects."""

from pathlib import Path

import pytest
from support import madeup_run
from support.drawn import corners, rectangles
from support.reported import model_of

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.charts.costs import draw_costs, draw_gradients
from forgetbench.report.model_view import ModelView


@pytest.fixture
def view(tmp_path: Path) -> ModelView:
    return model_of(madeup_run.write_run(tmp_path))


def test_gradients_of_trained_modules_only(view: ModelView) -> None:
    figure = draw_gradients(view.norms, view.looks, 10, 22, "title")
    (axis,) = figure.axes
    drawn = {item.get_color(): item for item in axis.get_lines() if item.get_marker() not in ("None", "_")}
    deep = drawn[view.looks[Treatment(10)].colour]
    ((x, y),) = corners(deep)
    assert (round(x), y) == (12, 3.0)
    assert axis.get_yscale() == "log"
    assert {text.get_text() for text in axis.texts} == {"backbone", "neck", "head"}


def test_costs_stack_bytes_and_milliseconds(view: ModelView) -> None:
    figure = draw_costs(view.costs, view.shared_seconds, view.looks, "title")
    memory, time = figure.axes
    ends = [max(x + width for x, y, width, _ in rectangles(memory.patches) if round(y + 0.31) == row) for row in (0, 1)]
    assert ends == pytest.approx([180 / 2**20, 260 / 2**20])
    widths = sorted(width for _, _, width, _ in rectangles(time.patches))
    assert widths == pytest.approx([500, 500, 500, 2000])
