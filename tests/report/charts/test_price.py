"""What is on the chart of prices, read back from the drawn objects."""

from pathlib import Path

import pytest
from support import madeup_run
from support.drawn import corners
from support.reported import model_of

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.charts import scores
from forgetbench.report.charts.price import charts, draw_prices, moves
from forgetbench.report.model_view import ModelView

LOST = [
    madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
    madeup_run.evidence_row("forgetting", 0.05, 0.04, 0.07, attach="15"),
    madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, attach="freeze-point", by_construction=True),
    madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, treatment="all-but-head (22)", by_construction=True),
]


@pytest.fixture
def view(tmp_path: Path) -> ModelView:
    run = madeup_run.write_run(tmp_path, evidence=LOST)
    madeup_run.write_prices(run)
    return model_of(run)


def test_a_line_goes_from_the_head_to_the_freeze_point_as_operations_grow(view: ModelView) -> None:
    figure = draw_prices(view.prices, view.lost, view.looks, "title")
    (axis,) = figure.axes
    lines = {line.get_label(): line for line in axis.get_lines()}
    bars = {container.get_label(): container for container in axis.containers}
    line, _, _ = bars["backbone (10)"]
    assert [(round(1e9 * x), round(y, 6)) for x, y in corners(line)] == [(500, 20.0), (1200, 5.0), (1700, 0.0)]
    ((_, _),) = corners(bars["all-but-head (22)"][0])
    (two,) = (line for line in lines.values() if line.get_linestyle() == ":")
    assert [round(1e9 * x) for x, _ in corners(two)] == [2700, 2700]
    assert [text.get_text() for text in axis.texts] == ["two models"]


def test_what_was_not_measured_has_no_name_in_the_legend(tmp_path: Path) -> None:
    unknown = madeup_run.evidence_row("forgetting", None, None, None, treatment="all-but-head (22)")
    run = madeup_run.write_run(tmp_path, evidence=[*LOST[:3], unknown])
    madeup_run.write_prices(run)
    view = model_of(run)
    (legend,) = draw_prices(view.prices, view.lost, view.looks, "title").legends
    assert [text.get_text() for text in legend.get_texts()] == ["backbone (10)"]


def test_the_chart_is_drawn_where_attach_points_differ_in_price(view: ModelView) -> None:
    assert [chart.name for chart in charts(view)] == ["price-yolo"]
    (mine,) = view.prices.values()
    assert moves(mine)
    assert not moves([one for one in mine if one.treatment == Treatment(22)])


def test_the_price_takes_the_place_of_the_panel_on_which_nothing_is_forgotten(view: ModelView) -> None:
    tradeoff, _ = scores.charts(view)
    titles = [axis.get_title() for axis in tradeoff.draw().axes]
    assert titles == ["attach = head", "the price of remembering"]


def test_runs_that_did_not_count_have_no_such_chart(tmp_path: Path) -> None:
    view = model_of(madeup_run.write_run(tmp_path, evidence=LOST))
    assert list(charts(view)) == []
    tradeoff, _ = scores.charts(view)
    assert [axis.get_title() for axis in tradeoff.draw().axes] == ["attach = head", "attach = freeze-point"]
