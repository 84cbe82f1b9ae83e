"""The section on forgetting at equal gain, from a run written by hand."""

from __future__ import annotations

from pathlib import Path

from support import madeup_run
from support.front_rows import BACKBONE, EQUAL, FRONT, HEAD, SCENE, write_run
from support.reported import model_of, section_of

from forgetbench.record.rows.differences import FrontRow
from forgetbench.report.blocks import Table
from forgetbench.report.charts.fronts import charts
from forgetbench.report.markdown import markdown
from forgetbench.report.sections.fronts import equal_gain_table, front_table, section


def lines_of(table: Table) -> list[str]:
    return markdown([table]).splitlines()


def test_a_column_for_each_freeze_point_and_each_two_neighbours() -> None:
    assert lines_of(equal_gain_table(EQUAL, [HEAD, BACKBONE, "none (0)"], 1)) == [
        f"| gain (1 seed) | {HEAD} | {BACKBONE} | {BACKBONE} − {HEAD} |",
        "| --: | --: | --: | --: |",
        "| +5.0 | 0 | 17.5 [10.0, 25.0] | +17.5 [10.0, 25.0] |",
        "| +10.0 | – | 19.0 | – |",
    ]


def test_the_points_of_fronts_name_their_setting_where_settings_vary() -> None:
    assert lines_of(front_table(FRONT[1:2], vary=False))[2] == f"| {BACKBONE} | 1 | −10.0 | 15.0 |"
    rows = [FrontRow(**SCENE, method=BACKBONE, setting="SGD lr0=0.01", epoch=4, seeds=3, gain=0.1, forgetting=0.2)]
    assert lines_of(front_table(rows, vary=True))[2] == f"| {BACKBONE} | SGD lr0=0.01 | 4 | +10.0 | 20.0 |"


def test_the_section_and_its_chart(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    found = section_of(run, section)
    assert [chart.name for chart in charts(model_of(run))] == ["front-yolo"]
    assert found.endswith("![front-yolo](figures/front-yolo.png)")
    assert found.startswith("### yolo: forgetting at equal gain")
    assert "of all epochs, that no other beats" in found
    assert "| +5.0 | 0 | 17.5 [10.0, 25.0] |" in found


def test_a_run_of_an_earlier_version_has_no_section(tmp_path: Path) -> None:
    run = madeup_run.write_run(tmp_path)
    assert section_of(run, section) == ""
    assert list(charts(model_of(run))) == []
