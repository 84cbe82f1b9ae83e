"""What is on the charts of drift: read back from the drawn objects."""

import pytest
from support.drawn import corners, segments
from support.drift_rows import DRIFTS, HEAD_ONLY, NECK, shares

from forgetbench.report.charts.drift import draw_drift, draw_statistics
from forgetbench.report.style import COLOURS, looks

LOOKS = looks([(HEAD_ONLY, "all-but-head (22)"), (NECK, "15")])


def test_drift_is_drawn_against_the_module_with_gaps_where_nothing_was_measured() -> None:
    above, below = draw_drift(DRIFTS, LOOKS, 10, 22, "title").axes
    (line,) = above.get_lines()
    assert line.get_color() == LOOKS[NECK].colour
    x, y = zip(*corners(line), strict=True)
    assert list(x) == [15, 16, 17, 18, 19, 21]
    assert list(y) == pytest.approx([0.99, 0.95, 0.5, float("nan"), 0.91, 0.7], nan_ok=True)
    x, y = zip(*corners(below.get_lines()[0]), strict=True)
    assert list(x) == [15, 16, 18, 19, 21]
    assert list(y) == pytest.approx([2, 5, 1, 0, 3])
    assert "%" in below.get_ylabel()
    assert {text.get_text() for text in above.texts} == {"backbone", "neck", "head"}
    assert above.get_xlim() == (-0.5, 22.5)


def test_statistics_and_weights_in_points_with_intervals() -> None:
    figure = draw_statistics(shares(), LOOKS, "title")
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["15"]
    centres = {
        line.get_color(): corners(line)[0][0] for line in axis.get_lines() if line.get_marker() in ("o", "s", "^")
    }
    assert centres == {COLOURS[0]: 10.0, COLOURS[1]: -2.0, COLOURS[2]: 15.0}
    spans = {tuple(segment[:, 0].round(6)) for segment in segments(axis)}
    assert spans == {(5.0, 20.0), (10.0, 30.0)}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["statistics alone", "weights alone", "both"]
    assert len(draw_statistics(shares() + shares("one-to-one"), LOOKS, "title").axes) == 2
