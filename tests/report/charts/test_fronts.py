"""What is on the chart of fronts: read back from the drawn objects."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.drawn import corners, segments
from support.finished_run import change_json
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


def test_what_has_no_checkpoint_has_no_name_in_the_legend(tmp_path: Path) -> None:
    """Of an arm that diverged before its first epoch was over there is none."""
    run = write_run(tmp_path)

    def add(manifest: Any) -> None:
        arm = manifest["arms"][-1]
        hot = {"arm": "hot", "label": "hot (10)", "method": "hot (10)", "strategy": "hot", "setting": "lr0=9"}
        manifest["arms"].append({**arm, **hot})

    change_json(run / "manifest.json", add)
    view = model_of(run)
    assert "hot (10)" in [look.label for look in view.looks.values()]
    (chart,) = charts(view)
    (legend,) = chart.draw().legends
    assert [text.get_text() for text in legend.get_texts()] == [HEAD, BACKBONE]
