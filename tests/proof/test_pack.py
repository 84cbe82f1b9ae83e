"""Packing a run: the same bytes always, nothing but what a run consists of, and accepted elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.finished_run import change_json, copy_of, seal, small_suite

import forgetbench
from forgetbench.errors import InputError
from forgetbench.proof.pack import pack_run
from forgetbench.proof.verify import verify_run


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    return copy_of(small_run, tmp_path)


def test_the_same_run_gives_the_same_bytes(small_run: Path, run: Path, tmp_path: Path) -> None:
    first = pack_run(small_run, tmp_path / "first.tar.gz")
    for number, path in enumerate(run.rglob("*")):
        path.chmod(0o700)
        os.utime(path, (1000 + number, 2000 + number))
    again = pack_run(run.rename(tmp_path / "elsewhere"), tmp_path / "again.tar.gz")
    assert first.path.read_bytes() == again.path.read_bytes()


def test_an_archive_says_nothing_of_who_packed_it_and_when(run: Path, tmp_path: Path) -> None:
    packed = pack_run(run, tmp_path / "a.tar.gz")
    with tarfile.open(packed.path) as archive:
        members = archive.getmembers()
    assert len(members) == packed.files
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.type) for m in members} == {
        (0, 0, 0, "", "", 0o644, tarfile.REGTYPE)
    }
    assert {m.name.split("/")[0] for m in members} == {f"small-{run.name}"}
    assert str(tmp_path).encode() not in packed.path.read_bytes()


def test_packed_here_and_verified_elsewhere_without_data_or_weights(run: Path, tmp_path: Path) -> None:
    packed = pack_run(run, tmp_path / "a.tar.gz")
    place = tmp_path / "elsewhere"
    place.mkdir()
    command = [sys.executable, "-m", "forgetbench", "verify", str(packed.path.rename(place / "run.tar.gz"))]
    environment = {"PYTHONPATH": str(Path(forgetbench.__file__).parents[1]), "PATH": "", "HOME": str(place)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("run.tar.gz: verified\n")
    shutil.unpack_archive(place / "run.tar.gz", place)
    assert verify_run(place / f"small-{run.name}").findings == []


def test_checkpoints_may_be_left_out(run: Path, tmp_path: Path) -> None:
    whole = pack_run(run, tmp_path / "whole.tar.gz")
    less = pack_run(run, tmp_path / "less.tar.gz", checkpoints=False)
    assert less.files == whole.files - 4
    verification = verify_run(less.path)
    assert verification.findings == []
    assert "4 checkpoints were left out; DONE keeps their hashes" in verification.checks[0].notes


def test_a_run_that_is_not_what_it_was_is_not_packed(run: Path, tmp_path: Path) -> None:
    (run / "losses.csv").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"has changed since it was finished.*losses\.csv: changed"):
        pack_run(run, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sessions/state.pt", b"x"),
        ("notes.txt", b"x"),
        ("figures/a.png", b"x"),
        ("detections/a.safetensors", b"\x80\x04"),
    ],
)
def test_what_does_not_belong_into_a_run_is_not_packed(run: Path, tmp_path: Path, name: str, content: bytes) -> None:
    (run / name).write_bytes(content)
    seal(run)
    with pytest.raises(InputError, match=f"{name}: (does not belong into a run|not readable as safetensors)"):
        pack_run(run, tmp_path / "a.tar.gz")


def test_links_are_not_packed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_bytes((run / "summary.md").read_bytes())
    (run / "summary.md").unlink()
    (run / "summary.md").symlink_to(tmp_path / "summary.md")
    with pytest.raises(InputError, match=r"summary\.md: not a regular file"):
        pack_run(run, tmp_path / "a.tar.gz")


@pytest.mark.parametrize("place", ["/data/fruit", "~/fruit", "C:\\\\fruit", "'/home/x/y.jpg'", "at=/srv/a"])
def test_a_text_that_names_a_place_is_refused_with_its_line(run: Path, tmp_path: Path, place: str) -> None:
    (run / "summary.md").write_text(f"# x\n\nas in https://a.org/b/c, 1/2 and/or {place}\n", encoding="utf-8")
    seal(run)
    with pytest.raises(InputError, match=r"summary\.md, line 3: names a place on this machine; found"):
        pack_run(run, tmp_path / "a.tar.gz")


@pytest.mark.parametrize("text", ["https://a.org/b/c", "AP / points", "and/or", "a/b/c.jpg", "</g></svg>", "1/2/3"])
def test_other_slashes_are_no_places(run: Path, tmp_path: Path, text: str) -> None:
    (run / "summary.md").write_text(f"{text}\n", encoding="utf-8")
    seal(run)
    pack_run(run, tmp_path / "a.tar.gz")


def test_a_description_that_names_a_place_is_cured_by_running_again(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "runs"
    (output / "small").mkdir(parents=True)
    run = run.rename(output / "small" / run.name)
    told = forgetbench.run(small_suite(description="images of /data/mine/fruit"), output=output)
    assert told.path == run
    assert verify_run(run).findings == []
    with pytest.raises(InputError, match=r"manifest\.json, line \d+: names a place on this machine.*run again"):
        pack_run(run, tmp_path / "a.tar.gz")
    forgetbench.run(small_suite(description="images of fruit"), output=output)
    assert verify_run(pack_run(run, tmp_path / "a.tar.gz").path).findings == []


def test_an_archive_that_cannot_be_written_says_so(run: Path) -> None:
    with pytest.raises(InputError, match=r"a\.tar\.gz: cannot be written; found a part of its path is a file"):
        pack_run(run, run / "summary.md" / "a.tar.gz")


def test_manifests_name_no_place(run: Path, tmp_path: Path) -> None:
    change_json(run / "manifest.json", lambda content: content["suite"].update(models=["/a/b/yolov8n.pt"]))
    seal(run)
    with pytest.raises(InputError, match=r"manifest\.json, line \d+: names a place on this machine; found /a/b"):
        pack_run(run, tmp_path / "a.tar.gz")
