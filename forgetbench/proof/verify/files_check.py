"""Whether the files of a run are those that its seal names."""

from __future__ import annotations

from forgetbench.files import sha256_file
from forgetbench.progress import Progress
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.record.seal import SEAL, files_in, is_regular


def check_files(subject: SealedRun, check: CheckResult, progress: Progress) -> None:
    """Hash every file and compare it with the seal; name what is missing and what is not listed.

    Nothing else is opened where the seal's list is not that of the files, or the manifest changed.
    """
    folder, present = subject.folder.path, set(files_in(subject.folder.path))
    left_out = {name for name in subject.sealed if subject.without_checkpoints and name.startswith("checkpoints/")}
    hashed = 0
    with progress.task("hashing", len(subject.sealed), "file") as advance:
        for name, digest in subject.sealed.items():
            if name in left_out:
                continue
            if name not in present:
                check.find(name, f"missing, {SEAL} names it")
                check.halts = True
            elif not is_regular(folder, name):
                check.find(name, "not a regular file")
                check.halts = True
            elif sha256_file(folder / name) != digest:
                check.find(name, f"changed, its hash is not the one in {SEAL}")
                check.halts |= name == "manifest.json"
            hashed += 1
            advance(hashed, "")
    for name in sorted(present - set(subject.sealed)):
        check.find(name, f"{SEAL} does not name it")
        check.halts = True
    check.checked = f"{hashed} files against their hashes in {SEAL}"
    if left_out:
        check.notes.append(f"{len(left_out)} checkpoints were left out; {SEAL} keeps their hashes")
