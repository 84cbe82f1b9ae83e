"""The files of a run against its seal."""

import hashlib
from pathlib import Path
from typing import Any

from forgetbench.progress import Silent
from forgetbench.proof.verify.files_check import check_files
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.record.folder import RunFolder


def checked(folder: Path, *sealed: str) -> CheckResult:
    manifest: Any = {}
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in sealed}
    part = CheckResult("files")
    check_files(SealedRun(RunFolder(folder), manifest, hashes), part, Silent())
    return part


def write(folder: Path, *names: str) -> None:
    """Write files whose content is their name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_what_the_seal_names_is_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "manifest.json", "figures/a.svg")
    part = checked(tmp_path, "manifest.json", "figures/a.svg")
    assert (part.findings, part.halts, part.checked) == ([], False, "2 files against their hashes in DONE")


def test_changed_files_are_named_and_only_the_manifest_stops_all(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "manifest.json")
    (tmp_path / "a.csv").write_text("other")
    part = checked(tmp_path, "a.csv", "manifest.json")
    assert list(map(str, part.findings)) == ["a.csv: changed, its hash is not the one in DONE"]
    assert not part.halts
    (tmp_path / "manifest.json").write_text("other")
    assert checked(tmp_path, "a.csv", "manifest.json").halts


def test_missing_unknown_and_irregular_files_stop_all(tmp_path: Path) -> None:
    write(tmp_path, "b.csv")
    (tmp_path / "c.csv").symlink_to(tmp_path / "b.csv")
    part = checked(tmp_path, "a.csv", "c.csv")
    assert list(map(str, part.findings)) == [
        "a.csv: missing, DONE names it", "c.csv: not a regular file", "b.csv: DONE does not name it",
    ]  # fmt: skip
    assert part.halts


def test_checkpoints_that_were_left_out_are_told_of(tmp_path: Path) -> None:
    write(tmp_path, "a.csv")
    part = checked(tmp_path, "a.csv", "checkpoints/a/1", "checkpoints/a/2")
    assert part.findings == []
    assert part.notes == ["2 checkpoints were left out; DONE keeps their hashes"]
