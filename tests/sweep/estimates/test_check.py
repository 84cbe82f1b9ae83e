"""What a check returns."""

from pathlib import Path

import pytest
from support.factories import written_suite

from forgetbench.plan.reading import read_suite
from forgetbench.progress import Silent
from forgetbench.sweep.estimates import estimate
from forgetbench.sweep.estimates.check import Check, check_suite
from forgetbench.sweep.estimates.rehearsal import Rehearsal

REHEARSED = Rehearsal(batch_seconds=2.0, original_seconds=0.5, target_seconds=0.25, reference_seconds=0.125)


def test_arms_data_and_costs_are_plain_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "rehearse", lambda *_, **__: REHEARSED)
    known: list[Check] = []
    found = check_suite(
        read_suite(written_suite(tmp_path)), device="cpu", progress=Silent(), before_rehearsal=known.append
    )
    assert found.ready
    assert (found.name, found.device) == ("tiny", "cpu")
    assert [(arm.freeze_point, arm.checkpoints, arm.reference_networks) for arm in found.arms] == [
        (22, 2, 0), (10, 2, 4), (0, 2, 4)
    ]  # fmt: skip
    assert found.arms[2].trainable == 1
    assert [data.role for data in found.data] == ["target, training", "target", "reference"]
    assert found.costs is not None
    assert found.costs.reference_networks == 9
    assert [arm.name for arm in known[0].arms] == [arm.name for arm in found.arms]
    assert (known[0].costs, known[0].arms[0].checkpoints) == (None, None)


def test_without_a_rehearsal_nothing_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(estimate, "rehearse")
    found = check_suite(read_suite(written_suite(tmp_path)), device="cpu", progress=Silent(), rehearse=False)
    assert (found.ready, found.costs, len(found.arms)) == (True, None, 3)


def test_what_is_missing_is_told_with_the_arms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORGETBENCH_DATA", "FORGETBENCH_ASSETS"):
        monkeypatch.setenv(name, str(tmp_path))
    found = check_suite(
        read_suite(written_suite(tmp_path, target={"card": "wgisd", "format": "yolo", "world": None})),
        device="cpu",
        progress=Silent(),
    )
    assert not found.ready
    assert [item.name for item in found.missing] == ["wgisd"]
    assert (found.data, found.costs, len(found.arms)) == ([], None, 3)
    assert found.arms[2].trainable == 1
