"""A model as charts and sections see it: each analysis once, and only as much as the run has."""

from pathlib import Path

import pytest
from support import front_rows, madeup_run
from support.operating_rows import write_run
from support.reported import model_of
from support.spied import spied

from forgetbench.report import model_view
from forgetbench.report.view import read_view
from forgetbench.report.write import write_report

ANALYSES = (
    "costs", "looks", "module_drift", "module_norms", "outcomes", "shared_seconds_per_step", "statistics_shares",
    "tradeoff",
)  # fmt: skip


def test_one_drawing_makes_each_analysis_at_most_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {name: spied(monkeypatch, model_view, name) for name in ANALYSES}
    write_report(write_run(tmp_path))
    not_measured = {"module_drift", "statistics_shares"}
    assert {name: len(made) for name, made in calls.items()} == {name: name not in not_measured for name in ANALYSES}


def test_fronts_need_both_of_their_tables(tmp_path: Path) -> None:
    run = front_rows.write_run(tmp_path)
    assert len(model_of(run).equal_gain) == len(front_rows.EQUAL)
    (run / "front.csv").unlink()
    assert model_of(run).equal_gain == []


def test_what_a_model_is_called_where_it_is_drawn(tmp_path: Path) -> None:
    about = madeup_run.manifest(seeds=(0, 1))
    about["data"]["target"]["name"] = "be\nrries"
    about["data"]["reference"]["subset_of"] = "things"
    view = model_of(madeup_run.write_run(tmp_path, about=about))
    assert view.subject == r"yolo, be\nrries against things (subset), 2 seeds"
    assert view.baseline == "all-but-head (22)"
    assert read_view(tmp_path).seeds == 2
