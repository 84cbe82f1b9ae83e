"""Charts with a row per thing."""

from math import inf

import pytest
from matplotlib.figure import Figure
from support.drawn import drawn

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.charts.rows import add_legend, begin_at_zero, draw_markers, name_rows, row_height
from forgetbench.report.style import looks

LOOK, OTHER = looks([(Treatment(22), "head"), (Treatment(0), "none")]).values()


def test_markers_are_points_in_their_rows_with_intervals() -> None:
    axis = Figure().subplots()
    name_rows(axis, ["cat", "a_$dog$"])
    draw_markers(axis, [(0, 0.5, (0.25, 1.0)), (1, 0.1, None)], LOOK, 0, 1)
    shown = drawn(axis, "head")
    assert list(shown.values()) == [(50.0, 25.0, 100.0), (10.0, 10.0, 10.0)]
    assert next(iter(shown)) == "cat"
    assert axis.get_ylim() == (1.5, -0.5)  # from the top down


def test_treatments_of_a_row_lie_one_below_the_other() -> None:
    axis = Figure().subplots()
    for index, look in enumerate((LOOK, OTHER)):
        draw_markers(axis, [(0, 0.5, None)], look, index, 2)
    heights = [float(line.get_ydata()[0]) for line in axis.get_lines() if line.get_marker() not in ("None", "_", "|")]  # type: ignore[index,arg-type]
    assert heights == pytest.approx([-0.19, 0.19])
    assert row_height(["a"]) == 0.3
    assert row_height(list("abcdef")) == pytest.approx(0.54)


@pytest.mark.parametrize(("most", "limits"), [(inf, (-1.0, 50.0)), (40.0, (-0.8, 40.0)), (0.0, (-5.0, 50.0))])
def test_a_row_chart_begins_just_left_of_zero(most: float, limits: tuple[float, float]) -> None:
    axis = Figure().subplots()
    axis.set_xlim(-5, 50)
    begin_at_zero(axis, most)
    assert axis.get_xlim() == pytest.approx(limits)


def test_the_legend_says_what_bars_are() -> None:
    figure = Figure()
    draw_markers(figure.subplots(), [(0, 0.5, None)], LOOK, 0, 1)
    add_legend(figure, "freeze point", "\nnote")
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "freeze point\n(bars: 95 %)\nnote"
    assert [item.get_text() for item in legend.get_texts()] == ["head"]
