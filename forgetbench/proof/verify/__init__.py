"""Verifying a finished run, packed or not: whether its files are unchanged and its numbers follow from them.

Only the run is needed: no model, no data and no GPU.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from forgetbench.data.cards.unpack import unpack
from forgetbench.errors import CorruptRunError, InputError
from forgetbench.files import sha256_file
from forgetbench.progress import Progress, Silent
from forgetbench.proof.verify.checkpoints_check import check_checkpoints
from forgetbench.proof.verify.files_check import check_files
from forgetbench.proof.verify.findings import CheckResult, Finding, SealedRun
from forgetbench.proof.verify.manifest_check import check_manifest
from forgetbench.proof.verify.report_check import check_report
from forgetbench.proof.verify.scores_check import check_scores
from forgetbench.proof.verify.tables_check import check_tables
from forgetbench.record.amend import refuse_begun
from forgetbench.record.folder import RunFolder
from forgetbench.record.json_record import read_record
from forgetbench.record.manifest import Manifest
from forgetbench.record.run_format import refuse_other_format
from forgetbench.record.seal import SEAL, is_regular, read_seal
from forgetbench.room import require_room
from forgetbench.scratch import scratch_folder

__all__ = ["CheckResult", "Finding", "Verification", "opened", "verify_run"]

#: An archive may unpack to as many times its own size, and so many bytes more.
MOST_EXPANSION, MORE_BYTES = 50, 50_000_000
#: The checks of a verification, in order.
CHECKS: tuple[tuple[str, Callable[[SealedRun, CheckResult, Progress], None]], ...] = (
    ("files", check_files),
    ("manifest", check_manifest),
    ("checkpoints", check_checkpoints),
    ("scores", check_scores),
    ("tables", check_tables),
    ("report", check_report),
)


@dataclass(frozen=True)
class Verification:
    """What was checked of a run.

    Attributes:
        checks: Each check with its findings, in the order they were made.
    """

    checks: list[CheckResult]

    @property
    def findings(self) -> list[Finding]:
        """Everything that is wrong."""
        return [finding for check in self.checks for finding in check.findings]


def verify_run(run: str | Path, progress: Progress | None = None) -> Verification:
    """Check a finished run: hashes, manifest, checkpoints, scores, tables, summary and charts.

    Args:
        run: A run folder, or an archive that `pack_run` made.
        progress: Told what is going on.

    Raises:
        InputError: it is not a run, not finished, or of another version's format.
    """
    progress = progress or Silent()
    with opened(Path(run)) as folder:
        subject = open_subject(folder)
        checks: list[CheckResult] = []
        for name, examine in CHECKS:
            check = CheckResult(name)
            if any(before.halts for before in checks):
                check.checked = "not checked, since the run is not made of the files that it says"
            else:
                _guarded(examine, subject, check, progress)
            checks.append(check)
    return Verification(checks)


def _guarded(
    examine: Callable[[SealedRun, CheckResult, Progress], None],
    subject: SealedRun,
    check: CheckResult,
    progress: Progress,
) -> None:
    """Make one check; a file that cannot be read as what it has to be is a finding, whatever is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of arithmetic with numbers that are wrong
            examine(subject, check, progress)
    except CorruptRunError as error:
        particulars = f": expected {error.expected}, found {error.found}" if error.expected and error.found else ""
        where = _within(subject, str(error.where))
        check.find(where, f"{error.problem}{particulars}, so what rests on it was not checked")
    except Exception as error:  # files from outside may be wrong in more ways than can be foreseen
        check.find(check.name, f"could not be checked to the end: {type(error).__name__}: {error}")
    check.checked = check.checked or "not checked to the end"
    check.halts |= examine is check_manifest and bool(check.findings)


def _within(subject: SealedRun, where: str) -> str:
    return where.removeprefix(f"{subject.folder.path}/")


def open_subject(folder: Path) -> SealedRun:
    """Read what a verification rests on; whether the manifest holds is not checked yet.

    Raises:
        InputError: it is not a run, not finished, or of another version's format.
        CorruptRunError: manifest or seal are not readable.
    """
    if not is_regular(folder, "manifest.json"):
        raise InputError("not a run", where=folder, expected="a folder with manifest.json, or an archive of one")
    if not os.path.lexists(folder / SEAL):
        raise InputError(
            "the run is not finished", where=folder, fix="Run its suite again: it goes on where it stopped."
        )
    refuse_begun(folder)
    manifest = read_record(folder / "manifest.json")
    try:
        sealed = read_seal(folder)
    except CorruptRunError:
        if is_regular(folder, SEAL):  # the seal may be what the other format has otherwise
            refuse_other_format(manifest, folder)
        raise
    if sealed.get("manifest.json") == sha256_file(folder / "manifest.json"):  # else it is changed, which is a finding
        refuse_other_format(manifest, folder)
    return SealedRun(RunFolder(folder), cast(Manifest, manifest), sealed)


@contextmanager
def opened(run: Path) -> Iterator[Path]:
    """Yield a run's folder; an archive's content is unpacked to a temporary one first.

    Raises:
        InputError: there is nothing of this name, or the archive holds no run.
        DataError: the archive is damaged, unsafe or too large.
        RunError: there is not enough room to unpack it.
    """
    if run.is_dir():
        yield run
        return
    if not run.is_file():
        raise InputError("no such run", where=run, expected="a run folder, or an archive that `pack` made")
    with scratch_folder() as place:
        most = MOST_EXPANSION * run.stat().st_size + MORE_BYTES
        unpack(run, place, most_bytes=most, ask_room=lambda wanted: _require_room(place, wanted))
        inside = list(place.iterdir())
        if len(inside) != 1 or not inside[0].is_dir():
            raise InputError("not a packed run", where=run, expected="one folder in it", found=f"{len(inside)} names")
        yield inside[0]


def _require_room(place: Path, wanted: int) -> None:
    fix = "Make room there, or name a folder on another disk with TMPDIR; then run the same command again."
    require_room(place, wanted, "what is in the archive", fix)
