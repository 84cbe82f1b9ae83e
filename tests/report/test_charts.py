"""What is on the charts: read back from the drawn objects."""

from pathlib import Path

import pytest
from matplotlib.axes import Axes
from support import madeup_run

from forgetbench.analyse.costs import costs, module_norms
from forgetbench.analyse.tradeoff import Treatment, original_ap
from forgetbench.record.tables import RunTables, read_tables
from forgetbench.report.charts import draw_curves, draw_tradeoff
from forgetbench.report.cost_charts import draw_costs, draw_gradients
from forgetbench.report.style import Look, looks
from forgetbench.report.summary import labels_of, points_of


@pytest.fixture
def run(tmp_path: Path) -> RunTables:
    return read_tables(madeup_run.write_run(tmp_path))


def look(run: RunTables) -> dict[Treatment, Look]:
    return looks(labels_of(run, "yolo").items())


def no_bars(_head: str, _attach: str | None, _treatment: Treatment) -> tuple[None, None]:
    return None, None


def line(axis: Axes, colour: str) -> list[tuple[float, float]]:
    """Return the corners of the first line of a colour."""
    drawn = next(item for item in axis.get_lines() if item.get_color() == colour and len(item.get_xdata()) > 1)
    return [(round(float(x), 6), round(float(y), 6)) for x, y in zip(*drawn.get_data(), strict=True)]


def test_the_path_runs_through_forgetting_and_gain_in_points(run: RunTables) -> None:
    figure = draw_tradeoff(points_of(run, "yolo"), no_bars, look(run), "title")
    head, null_control = figure.axes
    assert (head.get_title(), null_control.get_title()) == ("attach = head", "attach = freeze-point")
    assert line(head, look(run)[Treatment(10)].colour) == [(15.0, -10.0), (20.0, 15.0)]
    assert line(null_control, look(run)[Treatment(10)].colour) == [(0.0, -10.0), (0.0, 15.0)]
    assert "points" in head.get_xlabel()
    assert "points" in head.get_ylabel()
    labels = [item.get_text() for item in figure.legends[0].get_texts()]
    assert labels == ["all-but-head (22)", "backbone (10)"]


def test_bars_are_the_intervals_of_the_last_checkpoints(run: RunTables) -> None:
    def bars(_head: str, attach: str | None, treatment: Treatment) -> tuple[tuple[float, float] | None, None]:
        return ((0.12, 0.27) if (treatment, attach) == (Treatment(10), "head") else None), None

    head, null_control = draw_tradeoff(points_of(run, "yolo"), bars, look(run), "title").axes
    (shown,) = [
        collection.get_segments()
        for axis in (head, null_control)
        for collection in axis.collections
        if len(collection.get_segments())
    ]
    assert [[round(float(x), 6) for x in end] for end in shown[0]] == [[12.0, 15.0], [27.0, 15.0]]


def test_ap_over_epochs_in_points_with_the_original(run: RunTables) -> None:
    figure = draw_curves(
        points_of(run, "yolo"), {"one-to-many": original_ap(run.results)["yolo", "one-to-many"]}, look(run), "title"
    )
    target, head, null_control = figure.axes
    assert line(target, look(run)[Treatment(22)].colour) == [(1.0, 20.0), (2.0, 40.0)]
    assert line(head, look(run)[Treatment(10)].colour) == [(1.0, 35.0), (2.0, 30.0)]
    dashed = [item for item in head.get_lines() if item.get_linestyle() == "--"]
    assert list(dashed[0].get_ydata()) == [50.0, 50.0]
    assert head.get_ylim() == null_control.get_ylim()


def test_gradients_of_trained_modules_only(run: RunTables) -> None:
    figure = draw_gradients(module_norms(run.manifest["arms"], run.gradients), look(run), 10, 22, "title")
    (axis,) = figure.axes
    drawn = {item.get_color(): item for item in axis.get_lines() if item.get_marker() not in ("None", "_")}
    deep = drawn[look(run)[Treatment(10)].colour]
    assert [round(float(x)) for x in deep.get_xdata()] == [12]
    assert list(deep.get_ydata()) == [3.0]
    assert axis.get_yscale() == "log"
    assert {text.get_text() for text in axis.texts} == {"backbone", "neck", "head"}


def test_costs_stack_bytes_and_milliseconds(run: RunTables) -> None:
    spent = costs(run.manifest["arms"], run.memory, run.times)
    figure = draw_costs(spent, 0.5, look(run), "title")
    memory, time = figure.axes
    ends = [
        max(bar.get_x() + bar.get_width() for bar in memory.patches if round(bar.get_y() + 0.31) == row)
        for row in (0, 1)
    ]
    assert ends == pytest.approx([180 / 2**20, 260 / 2**20])
    widths = sorted(bar.get_width() for bar in time.patches)
    assert widths == pytest.approx([500, 500, 500, 2000])
