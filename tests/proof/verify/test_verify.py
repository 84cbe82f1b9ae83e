"""Verifying a run: what it says of a good one, and what it does with things that are no run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.called import call
from support.disk import disk_with
from support.finished_run import change_json, copy_of, seal

from forgetbench.data.annotations import read_annotations
from forgetbench.errors import CorruptRunError, DataError, InputError
from forgetbench.evaluate.detections import load_detections
from forgetbench.proof import verify
from forgetbench.proof.pack import pack_run
from forgetbench.proof.verify import verify_run
from forgetbench.proof.verify.branchfile import read_branch
from forgetbench.record.folder import RunFolder
from forgetbench.room import RESERVE


def test_a_finished_run_is_verified_and_says_what_was_checked(small_run: Path) -> None:
    verification = verify_run(small_run)
    assert list(map(str, verification.findings)) == []
    checked = {check.name: check.checked for check in verification.checks}
    files = [path for path in small_run.rglob("*") if path.is_file() and path.name not in ("DONE", ".lock")]
    assert checked["files"].startswith(f"{len(files)} files")
    assert checked["checkpoints"].startswith("4 checkpoints")
    assert checked["scores"].startswith(f"{len(list((small_run / 'detections').glob('*.safetensors')))} detections")
    charts = len(list((small_run / "figures").iterdir()))
    assert charts
    assert checked["report"].endswith(f"{charts} charts drawn again")
    needs_model = [f"{name} needs the model: only its hash was checked" for name in ("drift.csv", "modules.csv")]
    assert [check.notes for check in verification.checks] == [[], [], [], [], needs_model, []]


def test_neither_model_code_nor_data_are_needed(small_run: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from forgetbench.proof.verify import verify_run; "
        f"assert not verify_run({str(copy_of(small_run, tmp_path))!r}).findings; "
        "assert not {'ultralytics', 'cv2'} & set(sys.modules)"
    )
    path = str(Path(verify.__file__).parents[3])
    environment = {"PYTHONPATH": path, "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_annotations_have_the_fingerprint_of_the_data_they_are_of(small_run: Path) -> None:
    folder = RunFolder(small_run)
    fingerprints = folder.read_manifest()["identity"]["target"]["evaluate"]
    assert read_annotations(folder.annotations(fingerprints))[1] == fingerprints


def test_detections_say_which_modules_they_come_from(small_run: Path) -> None:
    row = RunFolder(small_run).results().query("role == 'target' and freeze_point == 10 and epoch == 2").iloc[0]
    _, about = load_detections(small_run / "detections" / row["detections"])
    branch = read_branch(RunFolder(small_run).checkpoint(row["arm"], 2))
    assert {index: about["modules"][index][1] for index in branch.modules} == branch.modules


def test_left_out_checkpoints_are_said_and_some_missing_are_wrong(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    shutil.rmtree(run / "checkpoints" / "yolov8p-shapes-freeze10-seed0")
    missing = [str(finding) for finding in verify_run(run).findings if finding.where.startswith("checkpoints/")]
    assert sum("missing, DONE names it" in finding for finding in missing) == 2
    shutil.rmtree(run / "checkpoints")
    verification = verify_run(run)
    assert verification.findings == []
    assert "4 checkpoints were left out; DONE keeps their hashes" in verification.checks[0].notes


def test_charts_of_another_matplotlib_are_said_not_to_be_drawn_again(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content["environment"]["packages"].update(matplotlib="1.0"))
    seal(run)
    report = next(check for check in verify_run(run).checks if check.name == "report")
    assert any("charts were drawn with matplotlib 1.0" in note for note in report.notes)
    assert {finding.where.partition(",")[0] for finding in report.findings} == {"summary.md"}  # it names the version


def test_what_another_forgetbench_wrote_otherwise_is_told_and_no_finding(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content["environment"].update(forgetbench="0.0.1"))
    (run / "summary.md").write_text("# other words\n", encoding="utf-8")
    seal(run)
    verification = verify_run(run)
    assert verification.findings == []
    assert "another forgetbench wrote it; the first: summary.md: found 1 lines" in verification.checks[-1].notes[0]


def test_files_that_cannot_be_read_are_findings(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    for path in [run / "results.csv", *(run / "annotations").iterdir(), *(run / "checkpoints").rglob("*.safetensors")]:
        path.write_bytes(b"\xff\x00")
    said = "\n".join(map(str, verify_run(run).findings))
    for name in ("results.csv: not a readable table", "annotations/", "checkpoints/"):
        assert name in said


def test_where_the_files_are_not_those_of_the_seal_nothing_else_is_opened(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)
    (run / "results.csv").write_bytes(b"\xff\x00")
    (run / "gradients.csv").unlink()
    (run / "memory.csv").unlink()
    (run / "memory.csv").symlink_to(run / "times.csv")
    verification = verify_run(run)
    assert [str(finding) for finding in verification.findings] == [
        "gradients.csv: missing, DONE names it",
        "memory.csv: not a regular file",
        "results.csv: changed, its hash is not the one in DONE",
    ]
    unchecked = "not checked, since the run is not made of the files that it says"
    assert [check.checked for check in verification.checks[1:]] == [unchecked] * 5


@pytest.mark.parametrize("key", ["identity", "suite", "arms", "models", "data", "environment", "evaluation"])
def test_a_manifest_that_lacks_a_section_is_a_finding(small_run: Path, tmp_path: Path, key: str) -> None:
    run = copy_of(small_run, tmp_path)
    change_json(run / "manifest.json", lambda content: content.pop(key))
    seal(run)
    (finding,) = verify_run(run).findings
    assert finding.where == f"manifest.json, {key}"
    assert "expected a value, found nothing" in finding.problem


def test_what_is_no_finished_run_is_refused(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run"):
        verify_run(tmp_path / "nothing")
    with pytest.raises(InputError, match="not a run"):
        verify_run(tmp_path)
    run = copy_of(small_run, tmp_path)
    seal_text = (run / "DONE").read_text(encoding="utf-8")
    (run / "DONE").write_text(f"{seal_text}x\n", encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"DONE, line \d+: not a seal"):
        verify_run(run)
    (run / "DONE").unlink()
    with pytest.raises(InputError, match="the run is not finished"):
        verify_run(run)
    change_json(run / "manifest.json", lambda content: content.update(format=1))
    seal(run)
    refused = r"a run of another version; expected format 4, .* found format 1\."
    with pytest.raises(InputError, match=refused):
        verify_run(run)
    (run / "DONE").write_text("complete\n", encoding="utf-8")  # which said no more then
    with pytest.raises(InputError, match=refused):
        verify_run(run)
    change_json(run / "manifest.json", lambda content: content.update(format=4))
    with pytest.raises(CorruptRunError, match="DONE, line 1: not a seal"):
        verify_run(run)
    (run / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"manifest\.json: not readable"):
        verify_run(run)


def test_archives_that_are_no_packed_run_are_refused(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_text("hello", encoding="utf-8")
    with pytest.raises(DataError, match="damaged or of an unknown kind"):
        verify_run(tmp_path / "x.tar.gz")
    for name, members in {
        "two.tar": ["a/x", "b/x"],
        "file.tar": ["x"],
        "other.tar": ["a/x"],
        "up.tar": ["../x"],
    }.items():
        with tarfile.open(tmp_path / name, "w") as archive:
            for member in members:
                archive.addfile(tarfile.TarInfo(member))
        with pytest.raises(InputError, match=r"not a packed run|not a run|archive is unsafe"):
            verify_run(tmp_path / name)
    assert not (tmp_path.parent / "x").exists()


def test_charts_that_need_fonts_which_differ_here_are_told_and_not_held_against_the_run(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(small_run, tmp_path)
    needy, plain = (next((run / "figures").glob(f"{kind}-*.svg")) for kind in ("ap-epochs", "costs"))
    for chart in (needy, plain):
        chart.write_text(chart.read_text(encoding="utf-8").replace("matplotlib.org", "elsewhere"), encoding="utf-8")

    def said(path: Path) -> str:
        return f"glyphs from a font of {path.parent}" if path.name == needy.name else ""

    monkeypatch.setattr("forgetbench.proof.verify.report_check.fonts_said", said)
    report = next(check for check in verify_run(run).checks if check.name == "report")
    assert {finding.where.partition(",")[0] for finding in report.findings} == {f"figures/{plain.name}"}
    (note,) = report.notes
    assert note.startswith("2 charts name things in scripts for which this machine has other fonts")
    assert f"figures/{needy.name}" in note


def test_an_archive_that_does_not_fit_unpacked_is_one_line(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack_run(small_run, tmp_path / "run.tar.gz").path
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    disk_with(monkeypatch, RESERVE + 1)
    done = call("verify", archive)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / 'tmp'}/forgetbench-")
    assert " for what is in the archive, and 100.0 MB that stay free" in line
    assert line.endswith("name a folder on another disk with TMPDIR; then run the same command again.")
    assert list((tmp_path / "tmp").iterdir()) == []
