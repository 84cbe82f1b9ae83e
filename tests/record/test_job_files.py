"""Jobs of one run that several processes do at once: who does them, what they leave, and that nothing leads outside."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.held import held_by_another

from forgetbench.errors import CorruptRunError, InputError, RunLockedError
from forgetbench.record.folder import RunFolder
from forgetbench.record.job_files import (
    MARK,
    SCRATCH,
    doing,
    done_elsewhere,
    forget_jobs,
    job_journals,
    job_place,
    jobs_done,
    jobs_held,
    mark_done,
    refuse_held_jobs,
    remove_jobs,
)
from forgetbench.record.journal import Journal
from forgetbench.record.lock import is_held
from forgetbench.record.seal import JOBS, files_in


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return the bytes of all files below a folder by name, and its folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_job_is_held_while_it_is_done_and_by_one_process(tmp_path: Path) -> None:
    assert jobs_held(tmp_path) == []
    with doing(tmp_path, "a"), doing(tmp_path, "b"):
        assert jobs_held(tmp_path) == ["a", "b"]
        assert not is_held(tmp_path)
        with pytest.raises(RunLockedError) as caught, doing(tmp_path, "a", patience=0):
            raise AssertionError("two do it")
        assert str(caught.value).startswith(
            f"{job_place(tmp_path, 'a')}: another process is doing this part of the run (a)"
        )
    assert jobs_held(tmp_path) == []
    with doing(tmp_path, "a"):
        pass


def test_a_job_of_a_process_that_was_killed_is_free_again(tmp_path: Path) -> None:
    with held_by_another(job_place(tmp_path, "a")) as process:
        assert jobs_held(tmp_path) == ["a"]
        with pytest.raises(RunLockedError, match=r"doing a part of this run \(a\)"):
            refuse_held_jobs(tmp_path, patience=0)
        with pytest.raises(RunLockedError, match=r"doing this part of the run \(a\)"), doing(tmp_path, "a", patience=0):
            raise AssertionError("two do it")
        process.kill()
        with doing(tmp_path, "a", patience=60):  # it may not be gone at once
            assert jobs_held(tmp_path) == ["a"]
    refuse_held_jobs(tmp_path, patience=0)


def test_whoever_waits_goes_on_when_the_job_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    with held_by_another(job_place(tmp_path, "a")) as process:

        def end_at_the_third_look(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                process.kill()
                process.wait()

        monkeypatch.setattr(time, "sleep", end_at_the_third_look)
        refuse_held_jobs(tmp_path, patience=600)
    assert len(looks) == 3


def test_the_whole_run_is_refused_while_a_job_is_done_unless_it_goes_on_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 10))
    with held_by_another(job_place(tmp_path, "a")):
        with RunFolder(tmp_path).lock(beside_jobs=True):
            assert is_held(tmp_path)
        monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
        with pytest.raises(RunLockedError, match=r"a part of this run \(a\)"), RunFolder(tmp_path).lock():
            raise AssertionError("held")
    assert not is_held(tmp_path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "c:x", "a\nb", "a\0b", "x" * 201, "\udce4"]
)
def test_a_name_that_is_not_plain_is_no_jobs(tmp_path: Path, name: str) -> None:
    run = tmp_path / "deep" / "run"
    run.mkdir(parents=True)
    before = everything(tmp_path)
    uses: list[Callable[[], object]] = [
        lambda: job_place(run, name),
        lambda: mark_done(run, name, {}),
        lambda: Journal(run, job=name),
    ]
    if name:  # an empty one stands for none
        uses.append(lambda: RunFolder(run, job=name).unfinished_detections())
    for use in uses:
        with pytest.raises(CorruptRunError, match="a name that is none; expected one plain name"):
            use()
    with pytest.raises(CorruptRunError, match="a name that is none"), doing(run, name):
        raise AssertionError("done")
    assert everything(tmp_path) == before


def test_marks_say_what_was_done_and_what_was_otherwise_there(tmp_path: Path) -> None:
    for job, elsewhere in (("a", {}), ("b", {"numpy": "1.0"}), ("ä b", {"device": None})):
        with doing(tmp_path, job):
            mark_done(tmp_path, job, elsewhere)
    with doing(tmp_path, "c"):
        pass
    assert jobs_done(tmp_path) == {"a", "b", "ä b"}
    assert done_elsewhere(tmp_path) == {"b": {"numpy": "1.0"}, "ä b": {"device": None}}
    mark_done(tmp_path, "b", {})
    assert done_elsewhere(tmp_path) == {"ä b": {"device": None}}


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", "{}", '{"elsewhere": []}', '{"elsewhere": 3}', "\xff"])
def test_a_mark_that_says_nothing_is_a_mark_all_the_same(tmp_path: Path, content: str) -> None:
    mark_done(tmp_path, "a", {"x": 1})
    (job_place(tmp_path, "a") / MARK).write_text(content, encoding="latin-1")
    assert jobs_done(tmp_path) == {"a"}
    assert done_elsewhere(tmp_path) == {}


def test_marks_outlive_what_jobs_gathered_and_go_with_the_seal(tmp_path: Path) -> None:
    for job in ("a", "b"):
        with doing(tmp_path, job):
            RunFolder(tmp_path, job=job).unfinished_detections().mkdir()
            (job_place(tmp_path, job) / SCRATCH / "0").touch()
            Journal(tmp_path, job=job).begin_job()
            mark_done(tmp_path, job, {})
    assert [path.parent.name for path in job_journals(tmp_path)] == ["a", "b"]
    forget_jobs(tmp_path)
    assert job_journals(tmp_path) == []
    assert files_in(tmp_path) == [f"jobs/{job}/{name}" for job in "ab" for name in (".lock", MARK)]
    remove_jobs(tmp_path)
    assert everything(tmp_path) == {}
    remove_jobs(tmp_path)


def outside(tmp_path: Path) -> Path:
    """Return a folder outside the run that looks like one of jobs, and like a job's."""
    place = tmp_path / "outside"
    for folder in (place, place / "a"):
        (folder / SCRATCH).mkdir(parents=True)
        for name in (".lock", MARK, "journal", f"{SCRATCH}/0"):
            (folder / name).write_text(json.dumps({"elsewhere": {"x": 1}}), encoding="utf-8")
        (folder / "journal").write_text(f"{'a' * 64}  outside.csv\n", encoding="utf-8")
    return place


PLACES = [JOBS, f"{JOBS}/a", f"{JOBS}/a/.lock", f"{JOBS}/a/journal", f"{JOBS}/a/{MARK}"]
#: What a link in a place leads to, so that it would be what belongs there.
LIKE = dict(zip(PLACES, ["", "a", "a/.lock", "a/journal", f"a/{MARK}"], strict=True))


@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "other"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_what_it_has_to_be_leads_nowhere(tmp_path: Path, place: str, kind: str) -> None:
    there, run = outside(tmp_path), tmp_path / "run"
    (run / place).parent.mkdir(parents=True)
    if kind == "link":
        (run / place).symlink_to(there / LIKE[place])
    elif kind == "link to nothing":
        (run / place).symlink_to(there / "nothing")
    elif kind == "pipe":
        os.mkfifo(run / place)
    elif place in (JOBS, f"{JOBS}/a"):
        (run / place).write_text("a file", encoding="utf-8")
    else:
        (run / place).mkdir()
    before = everything(there)
    assert jobs_held(run) == []
    assert jobs_done(run) == set()
    assert done_elsewhere(run) == {}
    assert job_journals(run) == []
    assert Journal(run).within(run) == []
    with pytest.raises(CorruptRunError, match=r"not a (folder|regular file)\. Remove it") as caught, doing(run, "a"):
        raise AssertionError("done")
    assert caught.value.where == run / place
    refuse_held_jobs(run, patience=0)
    journal = Journal(run)
    journal.begin()
    (run / "x.csv").touch()
    journal.add(run / "x.csv")
    forget_jobs(run)
    foreign = journal.seal()
    assert foreign in ([], [place])
    assert everything(there) == before
    assert not os.path.lexists(run / place) or (place, kind) in ((JOBS, "pipe"), (JOBS, "other"))
    assert foreign == ([place] if os.path.lexists(run / place) else [])


def test_what_a_job_gathers_is_not_removed_through_a_link(tmp_path: Path) -> None:
    there, run = outside(tmp_path), tmp_path / "run"
    job_place(run, "a").mkdir(parents=True)
    (job_place(run, "a") / SCRATCH).symlink_to(there)
    before = everything(there)
    forget_jobs(run)
    remove_jobs(run)
    assert everything(there) == before
    assert not (run / JOBS).exists()


def test_a_job_that_cannot_have_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="a part of its path is a file"), doing(tmp_path / "run", "a"):
        raise AssertionError("done")


def test_jobs_write_their_detections_apart(tmp_path: Path) -> None:
    places = {RunFolder(tmp_path, job).unfinished_detections() for job in (None, "a", "b")}
    assert len(places) == 3
    assert RunFolder(tmp_path, "a").unfinished_detections().parent == job_place(tmp_path, "a")
    assert len({RunFolder(tmp_path, job).detections("k") for job in (None, "a", "b")}) == 1
