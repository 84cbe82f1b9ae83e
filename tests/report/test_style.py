from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.figures import save_figure
from forgetbench.report.style import COLOURS, MARKERS, chart_style, heading, looks, method_looks


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
        with chart_style():
            figure = Figure()
            figure.subplots().plot([1, 2], [3, 4], label="x")
            written.append([path.read_bytes() for path in save_figure(figure, folder, "chart")])
    assert written[0] == written[1]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["chart.png", "chart.svg"]
    assert dict(mpl.rcParams) == before


def test_where_settings_vary_colours_tell_freeze_points_and_markers_settings() -> None:
    pairs = [(Treatment(point, "freeze", setting), f"{point} {setting}") for point in (22, 0) for setting in ("a", "b")]
    made = looks(pairs)
    assert len({look.colour for look in made.values()}) == 2
    assert made[Treatment(22, "freeze", "a")].colour == made[Treatment(22, "freeze", "b")].colour
    markers = {treatment.setting: (look.marker, look.line) for treatment, look in made.items()}
    assert markers == {"a": (MARKERS[0], "-"), "b": (MARKERS[1], "--")}
    names = {Treatment(22): "all-but-head (22)", Treatment(0): "none (0)"}
    assert [(method, look.label) for method, look in method_looks(made, names).items()] == list(names.items())


def test_long_labels_widen_a_chart_instead_of_squeezing_it(tmp_path: Path) -> None:
    widths = []
    for label in ("all-but-head (22)", "all-but-head (22), AdamW lr0=0.001"):
        figure = Figure(figsize=(5, 3))
        figure.subplots().plot([1], [1], label=label)
        figure.legend()
        save_figure(figure, tmp_path, "chart")
        widths.append(float(figure.get_size_inches()[0]))
    assert widths[0] == 5
    assert widths[1] > 5.5
