"""Whether checkpoints agree with their names, the manifest and the original."""

from __future__ import annotations

from forgetbench.errors import CorruptRunError
from forgetbench.progress import Progress
from forgetbench.proof.verify.branchfile import read_branch
from forgetbench.proof.verify.findings import CheckResult, SealedRun


def check_checkpoints(subject: SealedRun, check: CheckResult, progress: Progress) -> None:  # noqa: ARG001
    """Read every checkpoint. That its tensors were the ones scored is checked with the scores."""
    if subject.without_checkpoints:
        check.checked = "none: they were left out"
        return
    manifest, count = subject.manifest, 0
    for arm in manifest["arms"]:
        model = manifest["models"][arm["model"]]
        for epoch in subject.checkpoints.get(arm["arm"], ()):
            path = subject.folder.checkpoint(arm["arm"], epoch)
            name = path.relative_to(subject.folder.path).as_posix()
            try:
                branch = read_branch(path)
            except CorruptRunError as error:
                check.find(name, f"{error.problem}: {error.found}")
                continue
            expected = {
                "arm": arm["arm"],
                "epoch": epoch,
                "freeze_point": arm["freeze_point"],
                "original": model["weights_hash"],
                "classes": manifest["data"]["train"]["classes"],
            }
            for key in sorted({*expected, *branch.about}):
                check.expect(f"{name}, {key}", branch.about.get(key, "nothing"), expected.get(key, "nothing"))
            outside = [index for index in branch.modules if not arm["freeze_point"] <= index <= model["head"]]
            for index in outside:
                check.find(f"{name}, module {index}", f"not between {arm['freeze_point']} and {model['head']}")
            count += 1
    check.checked = f"{count} checkpoints against manifest and names"
