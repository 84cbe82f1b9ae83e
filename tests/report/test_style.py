from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from forgetbench.report.style import COLOURS, looks, save_figure, styled


def test_looks_are_distinct_and_do_not_depend_on_order() -> None:
    pairs = [(point, str(point)) for point in range(14)]
    made = looks(pairs)
    assert looks(reversed(pairs)) == made
    assert len({(look.colour, look.marker) for look in made.values()}) == 14
    assert made[13].colour == COLOURS[0]


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
