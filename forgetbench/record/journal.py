"""The journal of an unfinished run: a line with name and hash for each file that is complete.

A line is added once the file is in its place, so a file without a line was never completed. A file is used again only
while its hash is that of its line. Once every file is there, the journal is renamed to `DONE` and is the run's seal.

Where several processes do jobs of one run, each adds to the journal of its job, and all are read; see `job_files.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from forgetbench.errors import CorruptRunError
from forgetbench.faults import writing
from forgetbench.files import regular_bytes, sha256_file, write_text
from forgetbench.record.job_files import forget_jobs, job_journals, job_place, jobs_held, remove_jobs
from forgetbench.record.seal import (
    JOURNAL,
    MOST_BYTES,
    SEAL,
    files_in,
    is_regular,
    lines_of,
    read_line,
    read_seal,
    write_seal,
)

#: What stands for the hash of a file that a job has taken out of the run.
_GONE = "0" * 64
#: What the name of a file's next content ends in, until it is moved into its place.
NEXT = ".next.part"


class Journal:
    """The finished files of a run folder.

    In a folder with a seal, what is added goes into the seal, by `seal_again`.

    Args:
        folder: The run folder.
        warn: Told of each file that is missing or has changed.
        job: The job whose journal is added to; None for the run's own.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None] = lambda _: None, *, job: str | None = None) -> None:
        self._folder, self.warn, self._job = folder, warn, job
        self._path = (folder if job is None else job_place(folder, job)) / JOURNAL
        self._sealed = (folder / SEAL).is_file()
        self._hashes = read_seal(folder) if self._sealed else _read_all(folder, self._path)
        self._held: set[str] = set()
        #: Told the names of files once their lines are written, and whether they were taken out of the run.
        self.told: Callable[[list[str], bool], None] = lambda _names, _gone: None

    def reread(self) -> None:
        """Learn of what other processes have finished since."""
        if not self._sealed:
            before, self._hashes = self._hashes, _read_all(self._folder, self._path)
            self._held = {name for name in self._held if self._hashes.get(name) == before[name]}

    def within(self, place: Path) -> list[Path]:
        """Return the files below a folder that were completed, even if they have changed or gone since."""
        return [path for path in map(self._folder.joinpath, self._hashes) if place in path.parents]

    def add(self, *paths: Path) -> None:
        """Record files that are in their places, whole."""
        for path in paths:
            self._note(self._name(path), sha256_file(path))

    def rewrite(self, path: Path, text: str) -> None:
        """Write a file anew; at any moment either the old one or the new one counts as finished.

        The new one lies beside the old one when its line is added. A kill before it is moved leaves that to `begin`.
        """
        following = path.with_name(f".{path.name}{NEXT}")
        write_text(following, text)
        self._note(self._name(path), sha256_file(following))
        following.replace(path)

    def _note(self, name: str, digest: str) -> None:
        self._append({name: digest})
        self._hashes[name] = digest
        self._held.add(name)
        self.told([name], False)

    def _append(self, hashes: Mapping[str, str]) -> None:
        if not self._sealed:
            with writing(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write(lines_of(hashes))
                file.flush()
                os.fsync(file.fileno())

    def holds(self, path: Path) -> bool:
        """Tell whether a file was completed and is unchanged; warn of one that is not, so that it is made again."""
        name = self._name(path)
        if name not in self._held and name in self._hashes:
            problem = problem_with(self._folder, name, self._hashes[name])
            if problem is None:
                self._held.add(name)
            else:
                self.warn(f"{name}: {problem}; it is made again")
                self._hashes.pop(name)
        return name in self._held

    def all_hold(self, paths: Iterable[Path]) -> bool:
        """Tell whether all of these were completed and are unchanged; warn of each that is not."""
        return not [path for path in paths if not self.holds(path)]

    def drop(self, paths: Iterable[Path]) -> None:
        """Take files out of the run, from the disk first."""
        names = {self._name(path) for path in paths}
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        if names & self._hashes.keys():
            self._hashes = {name: digest for name, digest in self._hashes.items() if name not in names}
            self._held -= names
            if self._job is not None:  # another journal may have a line of it
                self._append(dict.fromkeys(names, _GONE))
                self.told(sorted(names), True)
            elif not self._sealed:
                write_text(self._path, lines_of(self._hashes))

    def begin(self) -> None:
        """Prepare to go on after an interruption: remove half-written files, and keep only whole lines of the journal.

        What other processes are doing of the run at this moment is left to them.

        Raises:
            CorruptRunError: something that is not a file has the journal's name.
        """
        if os.path.lexists(self._path) and not is_regular(self._folder, JOURNAL):
            raise CorruptRunError("not a regular file", where=self._path, fix="Remove it, then run again.")
        for following in self._folder.glob(f".*{NEXT}"):
            name = following.name[1 : -len(NEXT)]
            if is_regular(self._folder, following.name) and sha256_file(following) == self._hashes.get(name):
                following.replace(self._folder / name)
        if not jobs_held(self._folder):
            self.take_over_jobs()
            return
        self.reread()
        write_text(self._path, lines_of(self._hashes))

    def begin_job(self) -> None:
        """Prepare to go on with a job: keep only whole lines of its journal, to which lines can be added."""
        write_text(self._path, lines_of(read_journal(self._path)))

    def take_over_jobs(self) -> None:
        """Have all that jobs have finished in this journal, and remove what killed ones left; nobody does a job now."""
        remove_half_written(self._folder)
        self.reread()
        write_text(self._path, lines_of(self._hashes))
        forget_jobs(self._folder)

    def seal(self) -> list[str]:
        """Seal the files added or used since the journal was opened, and remove others that earlier attempts completed.

        Returns:
            Names of files in the folder that do not belong to the run.
        """
        self.drop([self._folder / name for name in self._hashes.keys() - self._held])
        write_text(self._path, lines_of(self._hashes))
        remove_jobs(self._folder)
        self._path.replace(self._folder / SEAL)
        self._sealed = True
        return [name for name in files_in(self._folder) if name not in self._hashes]

    def seal_again(self) -> None:
        """Bring the seal up to date with what was added or dropped; other files keep the hashes they had."""
        write_seal(self._folder, self._hashes)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def remove_half_written(folder: Path) -> None:
    """Remove what a kill left of files that were being written."""
    for left in folder.rglob(".*.part"):
        left.unlink(missing_ok=True)


def _read_all(folder: Path, last: Path) -> dict[str, str]:
    """Return the completed files of a run by all its journals; that of a job is younger than the run's own.

    Args:
        folder: The run folder.
        last: Which one is the youngest, if it is a job's.
    """
    hashes = read_journal(folder / JOURNAL)
    for path in sorted(job_journals(folder), key=lambda path: path == last):
        hashes |= read_journal(path)
    return {name: digest for name, digest in hashes.items() if digest != _GONE}


def read_journal(path: Path) -> dict[str, str]:
    """Return the completed files that one journal names, and their hashes; cut and damaged lines are ignored.

    Of a file that a job has taken out of the run, the hash is all zeros.
    """
    if not is_regular(path.parent, path.name) or path.stat().st_size > MOST_BYTES:
        return {}
    lines = regular_bytes(path, MOST_BYTES).decode("utf-8", errors="replace").split("\n")[:-1]
    return dict(filter(None, map(read_line, lines)))


def problem_with(folder: Path, name: str, digest: str) -> str | None:
    """Return what is wrong with a completed file, None if it is unchanged."""
    if not is_regular(folder, name):
        return "not a regular file" if os.path.lexists(folder / name) else "missing"
    return None if sha256_file(folder / name) == digest else "changed since it was written"
