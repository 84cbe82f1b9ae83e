"""What is on the charts: read back from the drawn objects."""

from pathlib import Path

import pytest
from matplotlib.axes import Axes
from support import madeup_run
from support.drawn import corners, segments
from support.reported import model_of

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.charts.scores import charts, draw_curves, draw_tradeoff
from forgetbench.report.model_view import ModelView


@pytest.fixture
def view(tmp_path: Path) -> ModelView:
    return model_of(madeup_run.write_run(tmp_path))


def no_bars(_head: str, _attach: str | None, _treatment: Treatment) -> tuple[None, None]:
    return None, None


def line(axis: Axes, colour: str) -> list[tuple[float, float]]:
    """Return the corners of the first line of a colour."""
    drawn = next(item for item in axis.get_lines() if item.get_color() == colour and len(corners(item)) > 1)
    return [(round(x, 6), round(y, 6)) for x, y in corners(drawn)]


def test_the_path_runs_through_forgetting_and_gain_in_points(view: ModelView) -> None:
    figure = draw_tradeoff(view.points, no_bars, view.looks, "title")
    head, null_control = figure.axes
    assert (head.get_title(), null_control.get_title()) == ("attach = head", "attach = freeze-point")
    assert line(head, view.looks[Treatment(10)].colour) == [(15.0, -10.0), (20.0, 15.0)]
    assert line(null_control, view.looks[Treatment(10)].colour) == [(0.0, -10.0), (0.0, 15.0)]
    assert "points" in head.get_xlabel()
    assert "points" in head.get_ylabel()
    labels = [item.get_text() for item in figure.legends[0].get_texts()]
    assert labels == ["all-but-head (22)", "backbone (10)"]


def test_bars_are_the_intervals_of_the_last_checkpoints(view: ModelView) -> None:
    def bars(_head: str, attach: str | None, treatment: Treatment) -> tuple[tuple[float, float] | None, None]:
        return ((0.12, 0.27) if (treatment, attach) == (Treatment(10), "head") else None), None

    head, null_control = draw_tradeoff(view.points, bars, view.looks, "title").axes
    (shown,) = segments(head) + segments(null_control)
    assert [[round(float(x), 6) for x in end] for end in shown] == [[12.0, 15.0], [27.0, 15.0]]


def test_ap_over_epochs_in_points_with_the_original(view: ModelView) -> None:
    figure = draw_curves(view.points, view.original, view.looks, "title")
    target, head, null_control = figure.axes
    assert line(target, view.looks[Treatment(22)].colour) == [(1.0, 20.0), (2.0, 40.0)]
    assert line(head, view.looks[Treatment(10)].colour) == [(1.0, 35.0), (2.0, 30.0)]
    dashed = [item for item in head.get_lines() if item.get_linestyle() == "--"]
    assert [y for _, y in corners(dashed[0])] == [50.0, 50.0]
    assert head.get_ylim() == null_control.get_ylim()


def test_bars_come_from_the_evidence(tmp_path: Path) -> None:
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("gain", 0.15, 0.11, 0.19),
    ]
    tradeoff, _ = charts(model_of(madeup_run.write_run(tmp_path, evidence=evidence)))
    assert tradeoff.name == "gain-forgetting-yolo"
    figure = tradeoff.draw()
    head = figure.axes[0]
    spans = [segment.round(6).tolist() for segment in segments(head)]
    assert spans == [[[12, 15], [27, 15]], [[20, 11], [20, 19]]]
    assert figure.get_suptitle() == "Gain against forgetting: yolo, berries against things, 1 seed"


def test_without_gain_only_ap_is_drawn(tmp_path: Path) -> None:
    view = model_of(madeup_run.write_run(tmp_path, about=madeup_run.manifest(reference_arms={})))
    assert [chart.name for chart in charts(view)] == ["ap-epochs-yolo"]
