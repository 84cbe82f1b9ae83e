"""What is on the charts of classes and errors: read back from the drawn objects."""

from matplotlib.container import BarContainer
from support.drawn import drawn
from support.forgotten_rows import TARGET, measures, of_class

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.charts.forgotten import MOST_CLASSES, draw_classes, draw_errors
from forgetbench.report.figures import render
from forgetbench.report.style import looks

LOOKS = {look.label: look for look in looks([(Treatment(15), "15"), (Treatment(0), "none (0)")]).values()}


def test_classes_by_falling_forgetting_in_points_with_intervals() -> None:
    rows = [
        of_class("little", value=0.05, low=0.01, high=0.08),
        of_class("much", value=0.3, low=0.2, high=0.5, shares="meaning", shared_with="more"),
        of_class("much", value=0.1, low=None, high=None, treatment="15", shares="meaning", shared_with="more"),
    ]
    figure = draw_classes(rows, LOOKS, "freeze point", "title")
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["much†", "little"]
    assert drawn(axis, "none (0)") == {"much†": (30, 20, 50), "little": (5, 1, 8)}
    assert drawn(axis, "15") == {"much†": (10, 10, 10)}
    assert "forgetting" in axis.get_xlabel()
    assert "points" in axis.get_xlabel()
    assert "†" in figure.legends[0].get_title().get_text()


def test_super_categories_stand_beside_the_classes_with_the_most_boxes() -> None:
    rows = [of_class(f"c{index}", instances=index) for index in range(1, MOST_CLASSES + 4)]
    figure = draw_classes([*rows, of_class("all", kind="super-category")], LOOKS, "freeze point", "title")
    groups, classes = figure.axes
    assert [tick.get_text() for tick in groups.get_yticklabels()] == ["all"]
    assert {tick.get_text() for tick in classes.get_yticklabels()} == {row.name for row in rows[3:]}
    assert classes.get_title() == f"the {MOST_CLASSES} classes with the most boxes"


def test_errors_before_and_after_for_both_roles() -> None:
    figure = draw_errors([*measures(), *measures(**TARGET)], LOOKS, "freeze point", "title")
    lost, gained, before_after, on_target = figure.axes
    assert drawn(lost, "none (0)")["AP"] == (10, 5, 20)
    assert drawn(gained, "none (0)", named_on=lost)["AP"][0] == -10
    assert drawn(before_after, "none (0)")["classification"] == (30, 30, 30)
    bars = next(c for c in before_after.containers if isinstance(c, BarContainer))
    assert [round(bar.get_width(), 6) for bar in bars] == [40.0] * 6
    assert "the original" in before_after.get_xlabel()
    assert "all-but-head (22)" in on_target.get_xlabel()
    assert [item.get_text() for item in figure.legends[0].get_texts()] == ["none (0)"]


def test_names_are_drawn_as_they_are() -> None:
    figure = draw_classes([of_class("$a_b$ $")], LOOKS, "freeze point", "title")
    render(figure, ["png"])
    labels = figure.axes[0].get_yticklabels()
    assert [(label.get_text(), label.get_parse_math()) for label in labels] == [("$a_b$ $", False)]
