"""The journal: what counts as finished after a kill, after damage, and what a seal is made of."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.held import held_by_another, with_this_path
from support.killed_journal import FINISHED, finished, made

from forgetbench.errors import CorruptRunError, InputError
from forgetbench.files import sha256_file
from forgetbench.record.job_files import doing, job_journals, job_place, jobs_done
from forgetbench.record.journal import Journal
from forgetbench.record.seal import files_in, read_seal


class Run:
    """A folder with two finished files, and what was said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[str]()
        self.a, self.b = folder / "a" / "x.csv", folder / "y.md"
        self.a.parent.mkdir()
        for path, text in ((self.a, "1"), (self.b, "2")):
            path.write_text(text, encoding="utf-8")
        journal = self.opened()
        journal.begin()
        journal.add(self.a)
        journal.add(self.b)

    def opened(self) -> Journal:
        return Journal(self.folder, self.said.append)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_finished_files_are_held_by_the_next_process(run: Run) -> None:
    assert run.opened().all_hold([run.a, run.b])
    assert run.said == []
    assert run.opened().within(run.folder / "a") == [run.a]


def test_what_was_never_finished_is_not_held_and_nothing_is_said(run: Run) -> None:
    (run.folder / "z.csv").write_text("3", encoding="utf-8")
    assert not run.opened().holds(run.folder / "z.csv")
    assert run.said == []


@pytest.mark.parametrize("damage", ["deleted", "emptied", "changed", "a link", "a folder", "a pipe"])
def test_what_is_not_what_was_written_is_named_and_not_held(run: Run, damage: str) -> None:
    run.b.unlink()
    if damage == "emptied":
        run.b.touch()
    elif damage == "changed":
        run.b.write_text("3", encoding="utf-8")
    elif damage == "a link":
        (run.folder / "elsewhere").write_text("2", encoding="utf-8")
        run.b.symlink_to(run.folder / "elsewhere")
    elif damage == "a folder":
        run.b.mkdir()
    elif damage == "a pipe":
        os.mkfifo(run.b)
    journal = run.opened()
    assert not journal.all_hold([run.b, run.a])
    assert not journal.holds(run.b)
    problem = {
        "deleted": "missing",
        "emptied": "changed since it was written",
        "changed": "changed since it was written",
    }
    assert run.said == [f"y.md: {problem.get(damage, 'not a regular file')}; it is made again"]


@pytest.mark.parametrize("kept", range(0, 71, 5))
def test_of_a_line_that_a_kill_cut_nothing_is_known(run: Run, kept: int) -> None:
    path = run.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:kept])
    journal = run.opened()
    assert journal.holds(run.a)
    assert not journal.holds(run.b)
    journal.begin()
    journal.add(run.b)  # on a line of its own
    assert run.opened().all_hold([run.a, run.b])
    assert run.said == []


@pytest.mark.parametrize("bit", range(0, 584, 37))
def test_a_damaged_line_makes_its_file_unknown_or_wrong_and_never_another_good(run: Run, bit: int) -> None:
    path = run.folder / "journal"
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    assert not run.opened().holds(run.a)
    assert run.opened().holds(run.b)


def test_a_name_that_leads_out_is_no_entry(run: Run) -> None:
    with (run.folder / "journal").open("a", encoding="utf-8") as file:
        file.write("0" * 64 + "  ../outside\n")
    (run.folder.parent / "outside").touch()
    journal = run.opened()
    journal.seal()
    assert (run.folder.parent / "outside").exists()


def test_the_seal_holds_what_was_used_or_written_and_the_rest_of_what_is_ours_goes(run: Run) -> None:
    (run.folder / "notes.txt").write_text("a user's", encoding="utf-8")
    (run.folder / "new.csv").write_text("3", encoding="utf-8")
    journal = run.opened()
    journal.begin()
    assert journal.holds(run.a)
    journal.add(run.folder / "new.csv")
    assert journal.seal() == ["notes.txt"]
    assert list(read_seal(run.folder)) == ["a/x.csv", "new.csv"]
    assert files_in(run.folder) == ["a/x.csv", "new.csv", "notes.txt"]
    assert not (run.folder / "journal").exists()


def test_what_a_kill_left_half_written_is_removed_at_the_start(run: Run) -> None:
    for name in (".y.md.k3.part", "a/.x.csv.z9.part"):
        (run.folder / name).touch()
    run.opened().begin()
    assert files_in(run.folder) == ["a/x.csv", "journal", "y.md"]


def test_dropped_files_are_gone_from_disk_and_journal(run: Run) -> None:
    journal = run.opened()
    journal.drop([run.a, run.folder / "never"])
    assert not run.a.exists()
    assert not journal.holds(run.a)
    assert run.opened().within(run.folder / "a") == []
    assert run.said == []


def test_sealing_again_covers_what_was_written_and_nothing_else(run: Run) -> None:
    journal = run.opened()
    assert journal.all_hold([run.a, run.b])
    assert journal.seal() == []
    before = read_seal(run.folder)
    run.a.write_text("tampered", encoding="utf-8")
    (run.folder / "z.md").write_text("new", encoding="utf-8")
    journal = run.opened()
    journal.add(run.folder / "z.md")
    journal.drop([run.b])
    assert not (run.folder / "journal").exists()
    journal.seal_again()
    assert list(read_seal(run.folder)) == ["a/x.csv", "z.md"]
    assert read_seal(run.folder)["a/x.csv"] == before["a/x.csv"]


def test_a_journal_that_is_no_file_is_refused(run: Run) -> None:
    (run.folder / "journal").unlink()
    os.mkfifo(run.folder / "journal")
    with pytest.raises(CorruptRunError, match="not a regular file"):
        run.opened().begin()


def job_journal(run: Run, job: str) -> Journal:
    """Return the journal of a job that begins, or goes on."""
    with doing(run.folder, job):
        journal = Journal(run.folder, run.said.append, job=job)
        journal.begin_job()
    return journal


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_what_a_job_finished_counts_for_all_and_stands_in_its_journal_alone(run: Run) -> None:
    before = (run.folder / "journal").read_bytes()
    c = write(run.folder / "c.csv", "3")
    job_journal(run, "one").add(c)
    assert (run.folder / "journal").read_bytes() == before
    assert run.opened().all_hold([run.a, run.b, c])
    assert job_journal(run, "two").all_hold([run.a, run.b, c])
    assert run.said == []
    assert [path.parent.name for path in job_journals(run.folder)] == ["one", "two"]


def test_what_a_job_made_again_is_younger_than_what_the_run_knew(run: Run) -> None:
    job_journal(run, "one").add(write(run.b, "made again"))
    for journal in (run.opened(), job_journal(run, "one"), job_journal(run, "a"), job_journal(run, "z")):
        assert journal.all_hold([run.a, run.b])
    write(run.b, "2")  # which the run's own journal would take for good
    assert not run.opened().holds(run.b)
    assert len(run.said) == 1


def test_what_a_job_took_out_is_gone_for_all_until_one_makes_it_again(run: Run) -> None:
    journal = job_journal(run, "one")
    journal.drop([run.b, run.folder / "never.csv"])
    assert not run.b.exists()
    for other in (journal, run.opened(), job_journal(run, "one"), job_journal(run, "two")):
        assert not other.holds(run.b)
        assert run.b not in other.within(run.folder)
    assert run.said == []
    write(run.b, "new")
    assert not run.opened().holds(run.b)
    job_journal(run, "one").add(run.b)
    assert run.opened().all_hold([run.a, run.b])
    assert run.said == []


@pytest.mark.parametrize("again", [False, True])
def test_the_run_takes_over_what_jobs_finished_and_the_marks_stay(tmp_path: Path, again: bool) -> None:
    run = made(tmp_path / "run")
    assert finished(run) == FINISHED
    Journal(run).begin()
    if again:
        Journal(run).begin()
    assert finished(run) == FINISHED
    lines = [f"{sha256_file(run / name)}  {name}\n" for name in FINISHED]
    assert (run / "journal").read_text("utf-8") == "".join(lines)
    assert job_journals(run) == []
    assert jobs_done(run) == {"one"}
    jobs = ["jobs/one/.lock", "jobs/one/done.json", "jobs/two/.lock"]
    assert files_in(run) == sorted([*FINISHED, "cut.csv", "journal", *jobs])


def test_while_a_job_is_done_the_run_begins_beside_it(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    own = {path: path.read_bytes() for path in job_journals(run)}
    with held_by_another(job_place(run, "two")):
        Journal(run).begin()
        assert finished(run) == FINISHED
        assert {path: path.read_bytes() for path in job_journals(run)} == own
        assert (run / ".other.csv.x.part").exists()  # which it may be writing
        assert (run / "jobs" / "one" / "unfinished" / "0").exists()
        # what it takes out and makes again from now on is known as well, whatever the run noted when it began
        with doing(run, "one"):
            journal = Journal(run, job="one")
            journal.begin_job()
            journal.drop([run / "kept.csv"])
            journal.add(write(run / "again.csv", "third"))
        expected = {name: content for name, content in FINISHED.items() if name != "kept.csv"} | {"again.csv": "third"}
        assert finished(run) == expected
        Journal(run).begin()
        assert finished(run) == expected
    Journal(run).begin()
    assert finished(run) == expected
    assert job_journals(run) == []
    assert files_in(run) == sorted(
        [*expected, "cut.csv", "journal", "jobs/one/.lock", "jobs/one/done.json", "jobs/two/.lock"]
    )


@pytest.mark.parametrize("kept", range(0, 71, 7))
def test_of_a_jobs_line_that_a_kill_cut_nothing_is_known_and_the_job_goes_on_after_it(run: Run, kept: int) -> None:
    c, d = write(run.folder / "c.csv", "3"), write(run.folder / "d.csv", "4")
    job_journal(run, "one").add(c, d)
    path = job_place(run.folder, "one") / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:kept])
    assert run.opened().all_hold([run.a, run.b, c])
    assert not run.opened().holds(d)
    journal = job_journal(run, "one")
    assert not journal.holds(d)
    journal.add(d)  # on a line of its own
    assert run.opened().all_hold([run.a, run.b, c, d])
    assert run.said == []


@pytest.mark.parametrize("bit", range(0, 584, 37))
def test_a_damaged_line_of_a_job_makes_its_file_unknown_or_wrong_and_never_another_good(run: Run, bit: int) -> None:
    c = write(run.folder / "c.cs", "3")
    job_journal(run, "one").add(c)
    path = job_place(run.folder, "one") / "journal"
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    assert not run.opened().holds(c)
    assert run.opened().all_hold([run.a, run.b])


def test_what_was_held_and_made_anew_elsewhere_is_looked_at_again(run: Run) -> None:
    journal = run.opened()
    assert journal.all_hold([run.a, run.b])
    job_journal(run, "one").add(write(run.b, "made again"))
    journal.reread()
    assert journal.all_hold([run.a, run.b])
    job_journal(run, "one").add(write(run.b, "and again"))
    write(run.b, "damaged")
    journal.reread()
    assert journal.holds(run.a)
    assert not journal.holds(run.b)
    journal.take_over_jobs()
    journal.seal()
    assert list(read_seal(run.folder)) == ["a/x.csv"]


def test_a_job_that_is_foreign_brings_nothing_into_the_seal(run: Run) -> None:
    c = write(run.folder / "c.csv", "3")
    job_journal(run, "foreign").add(c)
    journal = run.opened()
    journal.begin()
    assert journal.all_hold([run.a, run.b])  # nobody asks for the third
    assert journal.seal() == []
    assert list(read_seal(run.folder)) == ["a/x.csv", "y.md"]
    assert files_in(run.folder) == ["a/x.csv", "y.md"]


def test_a_jobs_line_does_not_lead_out(run: Run) -> None:
    job_journal(run, "one")
    outside = write(run.folder.parent / "outside", "x")
    (job_place(run.folder, "one") / "journal").write_text(f"{sha256_file(outside)}  ../outside\n", encoding="utf-8")
    journal = run.opened()
    assert journal.within(run.folder.parent) == [run.a, run.b]
    journal.begin()
    journal.seal()
    assert outside.exists()


def test_a_jobs_journal_that_is_a_folder_is_named_and_not_waited_for(run: Run) -> None:
    journal = Journal(run.folder, job="one")
    (job_place(run.folder, "one") / "journal").mkdir(parents=True)
    with pytest.raises(InputError, match="expected a file, or nothing yet, found a folder"):
        journal.begin_job()
    run.opened().begin()
    assert run.opened().all_hold([run.a, run.b])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("action", ["begin", "seal"])
def test_a_kill_between_any_two_steps_changes_nothing_that_is_read(tmp_path: Path, action: str) -> None:
    command = [sys.executable, "-m", "support.killed_journal", action, str(tmp_path)]
    done = subprocess.run(command, env=with_this_path(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kills = json.loads(done.stdout)
    assert len(kills) >= {"begin": 6, "seal": 12}[action]  # write, move and remove what is left, step by step
    whole = made(tmp_path / "whole")
    sealed = {name: sha256_file(whole / name) for name in FINISHED}
    for kill in kills:
        assert kill["finished"] == FINISHED, kill["step"]
        assert kill["seal"] == sealed, kill["step"]
        assert kill["files"] == sorted([*FINISHED, "cut.csv"]), kill["step"]


_ADDER = """
import sys
from pathlib import Path
from forgetbench.record.job_files import doing
from forgetbench.record.journal import Journal
run, job = Path(sys.argv[1]), sys.argv[2]
with doing(run, job):
    journal = Journal(run, job=job)
    journal.begin_job()
    print("begun", flush=True)
    sys.stdin.readline()
    for number in range(200):
        path = run / f"{job}-{number}.csv"
        path.write_text(f"{job} {number}", encoding="utf-8")
        journal.add(path)
        if number % 3 == 2:
            journal.drop([path])
        journal.reread()
        mine = [run / f"{job}-{n}.csv" for n in range(number + 1) if n % 3 != 2]
        assert journal.all_hold(mine), number
"""


def test_two_processes_add_to_two_journals_at_once(run: Run) -> None:
    pipe, jobs = subprocess.PIPE, ("one", "two")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _ADDER, str(run.folder), job], stdin=pipe, stdout=pipe, env=with_this_path()
        )
        for job in jobs
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    while any(process.poll() is None for process in processes):
        run.opened().begin()  # as another shard does that begins meanwhile
        assert run.opened().all_hold([run.a, run.b])
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert [process.returncode for process in processes] == [0, 0]
    run.said.clear()  # what was looked at between the removal of a file and its line was said to be missing
    expected = [run.folder / f"{job}-{number}.csv" for job in jobs for number in range(200) if number % 3 != 2]
    journal = run.opened()
    journal.begin()
    assert job_journals(run.folder) == []
    assert journal.all_hold([run.a, run.b, *expected])
    assert journal.seal() == []
    assert list(read_seal(run.folder)) == sorted(
        path.relative_to(run.folder).as_posix() for path in (run.a, run.b, *expected)
    )
    assert run.said == []
