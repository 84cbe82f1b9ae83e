"""Files of a run on their way between machines that share no disk: in an object store, or whatever fsspec reaches.

What a job finishes is sent at once, and its journal after it. So a job that is lost goes on elsewhere from its last
finished file; one that came only in part does not have the hash that the journal names, and is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from forgetbench.errors import ForgetbenchError, InputError, RunError, brief
from forgetbench.record.job_files import MARK, job_place
from forgetbench.record.journal import read_journal
from forgetbench.record.seal import JOURNAL

MANIFEST = "manifest.json"


class Exchange:
    """The place in a store where the files of one run are.

    Args:
        url: The store and a folder in it, such as `s3://bucket/runs`.
        run: The run's folder here; its suite and its id are its place there.

    Raises:
        InputError: there is no such kind of store, or the package that reaches it is not installed.
    """

    def __init__(self, url: str, run: Path) -> None:
        from fsspec.core import url_to_fs

        try:
            self._store, root = url_to_fs(url)
        except (ImportError, ValueError, OSError) as error:
            raise InputError(
                "no such store",
                where="--store",
                expected="a URL that fsspec knows, such as s3://bucket/folder",
                found=f"{brief(url)} ({error})",
            ) from error
        self._url, self._root = url, f"{root.rstrip('/')}/{run.parent.name}/{run.name}"

    def send(self, folder: Path, name: str) -> None:
        """Send a file of a run folder."""
        with self._reaching():
            remote = f"{self._root}/{name}"
            self._store.makedirs(remote.rpartition("/")[0], exist_ok=True)
            self._store.put_file(str(folder / name), remote)

    def receive(self, folder: Path, name: str) -> bool:
        """Receive a file into a run folder; tell whether there was one."""
        local = folder / name
        local.parent.mkdir(parents=True, exist_ok=True)
        part = local.with_name(f".{local.name}.part")
        try:
            with self._reaching():
                self._store.get_file(f"{self._root}/{name}", str(part))
                part.replace(local)
        except FileNotFoundError:
            return False
        finally:
            part.unlink(missing_ok=True)
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._reaching(), suppress(FileNotFoundError):
            self._store.rm_file(f"{self._root}/{name}")

    def sender(self, folder: Path, job: str) -> Callable[[list[str], bool], None]:
        """Return what a journal tells of files that a job has finished, or taken out of the run."""
        journal = job_place(Path(), job) / JOURNAL

        def tell(names: list[str], gone: bool) -> None:
            for name in () if gone else names:
                self.send(folder, name)
            self.send(folder, journal.as_posix())
            for name in names if gone else ():
                self.remove(name)

        return tell

    def send_mark(self, folder: Path, job: str) -> None:
        """Send the mark that a job is done."""
        self.send(folder, (job_place(Path(), job) / MARK).as_posix())

    def receive_jobs(self, folder: Path, jobs: Iterable[str]) -> None:
        """Receive all that jobs have finished, their journals and their marks."""
        for job in jobs:
            place = job_place(Path(), job)
            if self.receive(folder, (place / JOURNAL).as_posix()):
                for name in read_journal(folder / place / JOURNAL):
                    self.receive(folder, name)
            self.receive(folder, (place / MARK).as_posix())

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Turn what a store raises, each its own, into an error that names it; a file that is not there stays that."""
        try:
            yield
        except (ForgetbenchError, FileNotFoundError):
            raise
        except Exception as error:
            raise RunError(
                "the store cannot be used",
                where=self._url,
                found=f"{type(error).__name__}: {error}",
                fix="See that it is there and that this machine may read and write it. The same command goes on then.",
            ) from error
