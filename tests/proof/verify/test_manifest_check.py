"""A manifest against itself and the records of training."""

from pathlib import Path

import pytest
from support.finished_run import change_json, copy_of
from support.verified import checked, said

from forgetbench.proof.verify.manifest_check import check_manifest


def test_a_manifest_agrees_with_itself(small_run: Path) -> None:
    part = checked(check_manifest, small_run)
    assert said(part) == []
    assert part.checked == "manifest.json against itself, its 2 arms against suite and training records"


@pytest.mark.parametrize(
    ("keys", "value", "found"),
    [
        (("identity", "torch"), "0.1", "manifest.json, id: hash of the identity: found"),
        (("suite", "train", "lr0"), 0.1, "manifest.json, identity.suite.train.lr0: found 0.005, expected 0.1"),
        (("evaluation", "conf"), 0.5, "manifest.json, evaluation.conf: found 0.5, expected 0.001"),
        (("suite", "keep"), ["ring", "circl"], "manifest.json, suite, for yolov8p-shapes: keep: no such class of the"),
        (("reference_arms",), {}, "manifest.json, reference_arms: found {}, expected"),
        (("data", "train", "fingerprint"), "0" * 64, "manifest.json, data.train.fingerprint: found 000"),
        (("arms", 0, "label"), "x", "manifest.json, arms[0].label: found x, expected all-but-head (22)"),
        (("arms", 0, "epochs"), 1, "manifest.json, arms[0]: trained 1 of 2 epochs, and nothing stopped it"),
    ],
)
def test_what_something_else_determines_is_compared(
    small_run: Path, tmp_path: Path, keys: tuple[str | int, ...], value: object, found: str
) -> None:
    run = copy_of(small_run, tmp_path)

    def change(content: object) -> None:
        for key in keys[:-1]:
            content = content[key]  # type: ignore[index]
        content[keys[-1]] = value  # type: ignore[index]

    change_json(run / "manifest.json", change)
    assert any(text.startswith(found) for text in said(checked(check_manifest, run)))
