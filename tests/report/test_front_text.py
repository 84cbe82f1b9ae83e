"""The section on forgetting at equal gain, from a run written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import madeup_run

from forgetbench.analyse.equal_gain import EqualGainRow, FrontRow
from forgetbench.analyse.tradeoff import treatment_of
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import read_tables, rows_of
from forgetbench.report.figures import Figures
from forgetbench.report.front_charts import draw_fronts
from forgetbench.report.front_text import equal_gain_table, front_table, write_fronts
from forgetbench.report.summary import points_of
from forgetbench.report.write import looks_of

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"
SCENE: dict[str, Any] = {"model": madeup_run.MODEL, "head": "one-to-many", "attach": "head"}


def equal(level: float, treatment: str, value: float, span: tuple[float, float] | None, **changes: Any) -> EqualGainRow:
    low, high = span or (None, None)
    cells = {
        **SCENE, "at_gain": level, "treatment": treatment, "against": "original", "seeds": 1, "value": value,
        "images_low": low, "images_high": high, "seeds_low": None, "seeds_high": None, "low": low, "high": high,
        "from_setting": None, "from_epoch": 1, "to_setting": None, "to_epoch": 2, "share": 0.5, **changes,
    }  # fmt: skip
    return EqualGainRow(**cells)


EQUAL = [
    equal(0.05, HEAD, 0.0, (0.0, 0.0)),
    equal(0.05, BACKBONE, 0.175, (0.1, 0.25)),
    equal(0.05, BACKBONE, 0.175, (0.1, 0.25), against=HEAD),
    equal(0.1, BACKBONE, 0.19, None),
]
FRONT = [
    FrontRow(**SCENE, method=HEAD, setting=None, epoch=2, seeds=1, gain=0.06, forgetting=0.0),
    FrontRow(**SCENE, method=BACKBONE, setting=None, epoch=1, seeds=1, gain=-0.1, forgetting=0.15),
    FrontRow(**SCENE, method=BACKBONE, setting=None, epoch=2, seeds=1, gain=0.15, forgetting=0.2),
]


def write_run(folder: Path) -> Path:
    about = madeup_run.manifest()
    for arm in about["arms"]:
        arm["method"] = arm["label"]
    madeup_run.write_run(folder, about=about)
    RunFolder(folder).write_table("front.csv", columns_of(FrontRow), FRONT)
    RunFolder(folder).write_table("equal_gain.csv", columns_of(EqualGainRow), EQUAL)
    return folder


def section(folder: Path) -> str | None:
    tables = read_tables(folder)
    return write_fronts(folder, Figures(folder / "figures"), tables, "yolo", "subject", looks_of(tables, "yolo"))


def test_a_column_for_each_freeze_point_and_each_two_neighbours() -> None:
    assert equal_gain_table(EQUAL, [HEAD, BACKBONE, "none (0)"], 1).splitlines() == [
        f"| gain (1 seed) | {HEAD} | {BACKBONE} | {BACKBONE} − {HEAD} |",
        "| --: | --: | --: | --: |",
        "| +5.0 | 0 | 17.5 [10.0, 25.0] | +17.5 [10.0, 25.0] |",
        "| +10.0 | – | 19.0 | – |",
    ]


def test_the_points_of_fronts_name_their_setting_where_settings_vary() -> None:
    assert front_table(FRONT[1:2], vary=False).splitlines()[2] == f"| {BACKBONE} | 1 | −10.0 | 15.0 |"
    rows = [FrontRow(**SCENE, method=BACKBONE, setting="SGD lr0=0.01", epoch=4, seeds=3, gain=0.1, forgetting=0.2)]
    assert front_table(rows, vary=True).splitlines()[2] == f"| {BACKBONE} | SGD lr0=0.01 | 4 | +10.0 | 20.0 |"


def test_the_section_and_its_chart(tmp_path: Path) -> None:
    found = section(write_run(tmp_path))
    assert found is not None
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["front-yolo.png", "front-yolo.svg"]
    assert found.startswith("### yolo: forgetting at equal gain")
    assert "of all epochs, that no other beats" in found
    assert "| +5.0 | 0 | 17.5 [10.0, 25.0] |" in found


def test_lines_and_bars_are_where_the_tables_say(tmp_path: Path) -> None:
    tables = read_tables(write_run(tmp_path))
    assert tables.front is not None
    looks = looks_of(tables, "yolo")
    names = {treatment_of(arm).method: arm["method"] for arm in tables.arms("yolo")}
    figure = draw_fronts(points_of(tables, "yolo"), rows_of(tables.front, FrontRow), EQUAL, looks, names, "title")
    (axis,) = figure.axes
    colours = {look.label: look.colour for look in looks.values()}
    deep = [line for line in axis.get_lines() if line.get_color() == colours[BACKBONE] and line.get_linewidth() == 2.2]
    assert [[float(x) for x in data] for data in deep[0].get_data()] == [
        pytest.approx([15, 20]),
        pytest.approx([-10, 15]),
    ]
    dotted = [line for line in axis.get_lines() if line.get_linestyle() == ":"]
    assert [line.get_color() for line in dotted] == [colours[HEAD]]  # its front begins above the lowest gain
    spans = [segment for bar in axis.collections for segment in bar.get_segments()]
    assert [[round(float(x), 6) for x in span[:, 0]] for span in spans] == [[10.0, 25.0]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [HEAD, BACKBONE]


def test_a_run_of_an_earlier_version_has_no_section(tmp_path: Path) -> None:
    assert section(madeup_run.write_run(tmp_path)) is None
