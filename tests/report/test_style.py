from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.style import COLOURS, heading, looks, save_figure, styled


def test_looks_are_distinct_and_do_not_depend_on_order() -> None:
    pairs = [(Treatment(point), str(point)) for point in range(14)]
    made = looks(pairs)
    assert looks(reversed(pairs)) == made
    assert len({(look.colour, look.marker) for look in made.values()}) == 14
    assert made[Treatment(13)].colour == COLOURS[0]


def test_further_arms_leave_the_looks_of_freeze_points_alone() -> None:
    points = [(Treatment(22), "22"), (Treatment(0), "0")]
    further = [(Treatment(22, "classify"), "classify"), *points, (Treatment(0, "near"), "near")]
    made = looks(further)
    assert [made[treatment] for treatment, _ in points] == list(looks(points).values())
    assert list(made) == [Treatment(22), Treatment(0), Treatment(22, "classify"), Treatment(0, "near")]
    assert (heading(looks(points)), heading(made)) == ("freeze point", "arm")


def test_the_same_chart_is_the_same_bytes_and_settings_are_put_back(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        with styled():
            figure = Figure()
            figure.subplots().plot([1, 2], [3, 4], label="x")
            written.append([path.read_bytes() for path in save_figure(figure, folder, "chart")])
    assert written[0] == written[1]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["chart.png", "chart.svg"]
    assert dict(mpl.rcParams) == before
