"""Checkpoints against manifest and names."""

from pathlib import Path
from typing import Any

from support.finished_run import change_tensors, checkpoint, copy_of
from support.verified import checked, said

from forgetbench.proof.verify.checkpoints_check import check_checkpoints


def test_checkpoints_are_what_the_manifest_says(small_run: Path) -> None:
    part = checked(check_checkpoints, small_run)
    assert (said(part), part.checked) == ([], "4 checkpoints against manifest and names")


def test_what_a_checkpoint_says_of_itself_is_compared(small_run: Path, tmp_path: Path) -> None:
    run = copy_of(small_run, tmp_path)

    def change(arrays: Any, about: dict[str, Any]) -> None:
        about.update(epoch=9, further=1)
        arrays["model.3.made.up"] = next(iter(arrays.values()))

    change_tensors(checkpoint(run), change)
    name = checkpoint(run).relative_to(run).as_posix()
    point = int(name.rpartition("freeze")[2].partition("-")[0])
    assert said(checked(check_checkpoints, run)) == [
        f"{name}, epoch: found 9, expected 1", f"{name}, further: found 1, expected nothing",
        f"{name}, module 3: not between {point} and 22",
    ]  # fmt: skip
    checkpoint(run).write_bytes(b"")
    assert said(checked(check_checkpoints, run))[0].startswith(f"{name}: not a readable checkpoint")
