"""What is on the chart of fronts: read back from the drawn objects."""

from pathlib import Path

import numpy as np
import pytest
from support.drawn import corners, segments
from support.front_rows import BACKBONE, HEAD, write_run
from support.reported import model_of

from forgetbench.report.charts.fronts import charts


def test_lines_and_bars_are_where_the_tables_say(tmp_path: Path) -> None:
    view = model_of(write_run(tmp_path))
    (chart,) = charts(view)
    figure = chart.draw()
    (axis,) = figure.axes
    colours = {look.label: look.colour for look in view.looks.values()}
    deep = [line for line in axis.get_lines() if line.get_color() == colours[BACKBONE] and line.get_linewidth() == 2.2]
    assert np.array(corners(deep[0])) == pytest.approx(np.array([[15, -10], [20, 15]]))
    dotted = [line for line in axis.get_lines() if line.get_linestyle() == ":"]
    assert [line.get_color() for line in dotted] == [colours[HEAD]]  # its front begins above the lowest gain
    assert [[round(float(x), 6) for x in span[:, 0]] for span in segments(axis)] == [[10.0, 25.0]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [HEAD, BACKBONE]
