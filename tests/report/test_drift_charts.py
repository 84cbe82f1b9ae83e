"""What is on the charts and in the tables of drift: read back from the drawn objects and the text."""

import pytest

from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.drift_charts import draw_drift, draw_statistics
from forgetbench.report.drift_text import drift_table, statistics_table
from forgetbench.report.style import COLOURS, looks

HEAD_ONLY, NECK = Treatment(22), Treatment(15)
LOOKS = looks([(HEAD_ONLY, "all-but-head (22)"), (NECK, "15")])
DRIFTS = [
    ModuleDrift(NECK, index, kind, cka, 0.9 if index == 19 else 0.3, change, change, variance)
    for index, kind, cka, change, variance in (
        (15, "C2f", 0.99, 0.02, 0.7), (16, "Conv", 0.95, 0.05, 0.1), (17, "Concat", 0.5, None, None),
        (18, "C2f", None, 0.01, 0.2), (19, "Conv", 0.91, 0.0, None), (21, "C2f", 0.7, 0.03, 0.3),
    )
]  # fmt: skip


def shares(head: str = "one-to-many") -> list[StatisticsShare]:
    return [
        *(StatisticsShare(HEAD_ONLY, head, adapted, None, None) for adapted in ("statistics", "weights", "both")),
        StatisticsShare(NECK, head, "statistics", 0.1, (0.05, 0.2)),
        StatisticsShare(NECK, head, "weights", -0.02, None),
        StatisticsShare(NECK, head, "both", 0.15, (0.1, 0.3)),
    ]


def test_drift_is_drawn_against_the_module_with_gaps_where_nothing_was_measured() -> None:
    above, below = draw_drift(DRIFTS, LOOKS, 10, 22, "title").axes
    (line,) = above.get_lines()
    assert line.get_color() == LOOKS[NECK].colour
    x, y = line.get_data()
    assert list(x) == [15, 16, 17, 18, 19, 21]
    assert list(y) == pytest.approx([0.99, 0.95, 0.5, float("nan"), 0.91, 0.7], nan_ok=True)
    x, y = below.get_lines()[0].get_data()
    assert list(x) == [15, 16, 18, 19, 21]
    assert list(y) == pytest.approx([2, 5, 1, 0, 3])
    assert "%" in below.get_ylabel()
    assert {text.get_text() for text in above.texts} == {"backbone", "neck", "head"}
    assert above.get_xlim() == (-0.5, 22.5)


def test_statistics_and_weights_in_points_with_intervals() -> None:
    figure = draw_statistics(shares(), LOOKS, "title")
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["15"]
    centres = {line.get_color(): line.get_xdata()[0] for line in axis.get_lines() if line.get_marker() in "os^"}
    assert centres == {COLOURS[0]: 10.0, COLOURS[1]: -2.0, COLOURS[2]: 15.0}
    spans = {tuple(segment[:, 0].round(6)) for bar in axis.collections for segment in bar.get_segments()}
    assert spans == {(5.0, 20.0), (10.0, 30.0)}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["statistics alone", "weights alone", "both"]
    assert len(draw_statistics(shares() + shares("one-to-one"), LOOKS, "title").axes) == 2


def test_the_table_names_the_modules_with_weights_that_moved_most() -> None:
    assert drift_table(DRIFTS, LOOKS, seeds=1).splitlines()[2:] == [
        "| all-but-head (22) | – | – | – | – |",
        "| 15 | 21 C2f 0.70, 19 Conv 0.91, 16 Conv 0.95 | 19 Conv 0.90, 15 C2f 0.30, 16 Conv 0.30 "
        "| 16 Conv 0.05, 21 C2f 0.03, 15 C2f 0.02 | 15 C2f 0.70, 21 C2f 0.30, 18 C2f 0.20 |",
    ]


def test_the_table_of_shares() -> None:
    one = statistics_table(shares(), LOOKS, seeds=1)
    assert one.splitlines()[0] == "| freeze point (1 seed) | statistics alone | weights alone | both |"
    assert one.splitlines()[2:] == [
        "| all-but-head (22) | – | – | – |",
        "| 15 | 10.0 [5.0, 20.0] | −2.0 | 15.0 [10.0, 30.0] |",
    ]
    two = statistics_table(shares() + shares("one-to-one"), LOOKS, seeds=3)
    assert two.splitlines()[0].startswith("| freeze point (3 seeds) | head |")
    assert two.count("one-to-one") == 2
