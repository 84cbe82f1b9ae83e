"""The end of a run, from its last score to its seal, killed at any moment."""

from pathlib import Path

import pytest
from support.charts import not_drawn
from support.finished_run import copy_of, small_suite
from support.killed import comparable, kill_at_each

import forgetbench
from forgetbench.derive.catalogue import TABLES
from forgetbench.proof.verify import verify_run
from forgetbench.sweep.finished import reopen

SMALLER = small_suite(
    freeze_points=["backbone"],
    reference_arm="backbone",
    claims=[],
    train={**small_suite()["train"], "epochs": 1, "imgsz": 64},
    evaluation={"max_det": 30, "resamples": 20},
)


@pytest.fixture(scope="module")
def smaller_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of one arm, without pictures."""
    with not_drawn():
        return forgetbench.run(SMALLER, output=tmp_path_factory.mktemp("smaller")).path


def all_scored(run: Path, into: Path) -> Path:
    """Return a copy of a run as it is when all is trained and evaluated, before the first table."""
    place = copy_of(run, into / run.parent.name)
    reopen(place)
    for table in TABLES:
        (place / table.name).unlink(missing_ok=True)
    for left in (place / "summary.md", *(place / "figures").iterdir()):
        left.unlink()
    return place


def test_a_run_ends_as_it_does_uninterrupted_after_a_kill_at_any_operation(smaller_run: Path, tmp_path: Path) -> None:
    before = all_scored(smaller_run, tmp_path / "before")
    assert kill_at_each(before, tmp_path, SMALLER) > 50
    (whole,) = (tmp_path / "whole" / "small").iterdir()
    found, expected = comparable(whole), comparable(smaller_run)
    tables = [table.name for table in TABLES if table.name in expected]
    assert {name: found[name] for name in tables} == {name: expected[name] for name in tables}
    assert [check.name for check in verify_run(whole).checks if check.findings] == [
        "report"
    ]  # its charts are no pictures
