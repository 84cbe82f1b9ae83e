"""Additions to finished runs, killed at any moment."""

from pathlib import Path

import pytest
from support.finished_run import copy_of, runs_folder, small_suite
from support.killed import contents, kill_at_each, killed_at

import forgetbench
from forgetbench.errors import InputError, RunError
from forgetbench.files import write_json
from forgetbench.proof.pack import pack_run
from forgetbench.proof.verify import verify_run
from forgetbench.record.amend import NOTE
from forgetbench.sweep.redraw import redraw

#: A claim at a gain and classes to keep, for which tables are made anew, and other words.
_CLAIM = {"name": "kept", "says": "little is lost", "source": "p. 1", "quantity": "forgetting", "attach": "head"}
CHANGED = small_suite(
    claims=[{**_CLAIM, "below": 0.02, "at_gain": 0.001}], keep=["ring", "circle"], description="Other words."
)


@pytest.fixture(scope="module")
def changed(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small run with other claims and words, added without interruption."""
    output = tmp_path_factory.mktemp("changed")
    run = runs_folder(small_run, output)
    assert forgetbench.run(CHANGED, output=output).path == run
    assert verify_run(run).findings == []
    return run


def without_charts(files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave charts out, and where the summary shows them: few are written where commands are killed."""
    kept = {name: content for name, content in files.items() if not name.startswith("figures/") and name != "DONE"}
    shown = files["summary.md"].splitlines()
    return kept | {"summary.md": b"\n".join(line for line in shown if line and not line.startswith(b"!["))}


def test_other_claims_are_complete_after_a_kill_at_any_operation(
    small_run: Path, changed: Path, tmp_path: Path
) -> None:
    assert kill_at_each(small_run, tmp_path, CHANGED) > 20
    (whole,) = (tmp_path / "whole" / "small").iterdir()
    assert without_charts(contents(whole)) == without_charts(contents(changed))


def test_a_report_is_complete_after_a_kill_at_any_operation(small_run: Path, tmp_path: Path) -> None:
    assert kill_at_each(small_run, tmp_path, None) > 8


def test_an_interrupted_addition_is_refused_until_it_is_made(small_run: Path, changed: Path, tmp_path: Path) -> None:
    run = killed_at(small_run, tmp_path, CHANGED, 6)
    assert (run / NOTE).is_file()
    for refuses in (verify_run, pack_run):
        with pytest.raises(InputError, match="were being added to this run"):
            refuses(run)
    redraw(run)  # which needs no suite for claims
    assert contents(run) == contents(changed)


def test_other_damage_beside_an_interrupted_addition_is_made_good(
    small_run: Path, changed: Path, tmp_path: Path
) -> None:
    run = killed_at(small_run, tmp_path, CHANGED, 6)
    next((run / "detections").glob("*.json")).unlink()
    forgetbench.run(CHANGED, output=tmp_path)
    assert not (run / NOTE).exists()
    assert verify_run(run).findings == []


def test_a_note_of_another_version_is_an_error(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    write_json(run / NOTE, {"adds": "a page", "manifest": None})
    with pytest.raises(RunError, match="something unknown was being added"):
        redraw(run)
