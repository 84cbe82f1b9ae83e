"""What a verification finds and how it says so."""

from pathlib import Path
from typing import Any

from forgetbench.proof.verify.findings import CheckResult, Finding, SealedRun
from forgetbench.record.folder import RunFolder


def test_what_is_expected_is_no_finding() -> None:
    part = CheckResult("tables")
    assert part.expect("a.csv, ap", 0.5, 0.5)
    assert not part.expect("a.csv, ap", "0.4", "0.5")
    assert not part.expect("a.csv", "", None)
    part.find("b.csv", "not readable")
    assert part.findings[0] == Finding("a.csv, ap", "found 0.4, expected 0.5")
    assert str(part.findings[1]) == "a.csv: found '', expected None"
    assert str(part.findings[2]) == "b.csv: not readable"


def test_long_or_unprintable_values_are_cut_and_quoted() -> None:
    part = CheckResult("")
    part.expect("a", "\x1b[2J" + "x" * 1000, 1)
    assert "\x1b" not in str(part.findings[0])
    assert len(str(part.findings[0])) < 200


def subject(folder: Path, *sealed: str, **arm: Any) -> SealedRun:
    suite = {"evaluation": {"every": 2}, "train": {"epochs": 5}}
    manifest: Any = {"suite": suite, "arms": [{"arm": "a", "epochs": 5, "diverged": False, **arm}]}
    return SealedRun(RunFolder(folder), manifest, dict.fromkeys(sealed, "0" * 64))


def test_checkpoints_follow_from_suite_and_training(tmp_path: Path) -> None:
    assert subject(tmp_path).checkpoints == {"a": [2, 4, 5]}
    assert subject(tmp_path, epochs=4, diverged=True).checkpoints == {"a": [2]}
    assert subject(tmp_path, epochs=9).checkpoints == {"a": [2, 4, 5]}  # more than the suite asks for is none
    assert subject(tmp_path).branch("a", 2) is None  # nothing is there


def test_checkpoints_are_left_out_where_the_seal_names_them_and_no_folder_is_there(tmp_path: Path) -> None:
    assert subject(tmp_path, "checkpoints/a").without_checkpoints
    assert not subject(tmp_path, "results.csv").without_checkpoints
    (tmp_path / "checkpoints").mkdir()
    assert not subject(tmp_path, "checkpoints/a").without_checkpoints
