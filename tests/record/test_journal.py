"""The journal: what counts as finished after a kill, after damage, and what a seal is made of."""

import os
from pathlib import Path

import pytest

from forgetbench.errors import CorruptRunError
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
