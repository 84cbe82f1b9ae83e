"""Runs in which training diverged: what is left is compared, and whatever reads a run reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import small_suite
from support.trouble import poisoned

import forgetbench
from forgetbench.errors import DivergedError, InputError
from forgetbench.train import session

pytestmark = pytest.mark.usefixtures("charts_not_drawn")
REFERENCE, OTHER = "yolov8p-shapes-freeze22-seed", "yolov8p-shapes-freeze10-seed"


def run(output: Path, patch: pytest.MonkeyPatch, poison: Mapping[str, int], **changes: Any) -> forgetbench.Run:
    """Run the small suite with arms that diverge in an epoch."""
    suite = small_suite(**changes)
    suite["train"] |= {"imgsz": 64}
    with patch.context() as within:
        poisoned(within, poison)
        return forgetbench.run(suite, output=output)


def ends(found: forgetbench.Run) -> dict[str, tuple[int, bool]]:
    return {arm["arm"]: (arm["epochs"], arm["diverged"]) for arm in found.manifest["arms"]}


def summary(found: forgetbench.Run) -> str:
    return (found.path / "summary.md").read_text(encoding="utf-8")


def test_a_seed_whose_arms_all_diverge_ends_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path / "runs", monkeypatch, {"seed1": 1}, seeds=[0, 1])
    assert ends(found) == {
        f"{REFERENCE}0": (2, False), f"{OTHER}0": (2, False), f"{REFERENCE}1": (1, True), f"{OTHER}1": (1, True),
    }  # fmt: skip
    alone = run(tmp_path / "alone", monkeypatch, {}, seeds=[0])
    columns = ["arm", "epoch", "role", "attach", "ap"]
    scored, expected = (one.results()[columns].reset_index(drop=True) for one in (found, alone))
    assert scored.equals(expected)
    assert "backbone (10): means over 1 of 2 seeds." in summary(found)
    assert f"{OTHER}1 ended early: weights were no longer finite after epoch 1; it has no checkpoint" in summary(found)
    assert forgetbench.verify(found.path).findings == []
    forgetbench.pack(found.path, tmp_path / "packed.zip")
    assert forgetbench.recommend(found.path, max_forgetting=0.01).found.best.arm.endswith("seed0")
    with pytest.raises(InputError, match=rf"{OTHER}1: has no scored checkpoint; found weights were no longer finite"):
        forgetbench.export(found.path, tmp_path / "mine.pt", arm=f"{OTHER}1")
    assert not (tmp_path / "mine.pt").exists()


def test_without_its_reference_arm_a_run_has_no_gain_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [{"optimizer": "AdamW", "lr0": 0.005}, {"optimizer": "SGD", "lr0": 0.01}]
    claim = {"name": "gains", "says": "much", "source": "p. 1", "quantity": "gain", "above": 0.0}
    found = run(tmp_path, monkeypatch, {"freeze22-AdamW": 1, "freeze10-SGD": 2}, vary=settings, claims=[claim])
    text = summary(found)
    assert "Gain is not measured: it would be over freeze point all-but-head (22), AdamW lr0=0.005, which" in text
    assert "no longer finite after epoch 2; its last checkpoint is that of epoch 1." in text
    rows = [line for line in text.splitlines() if line.startswith(("| all-but-head (22)", "| backbone (10)"))]
    assert {line.split("|")[4].strip() for line in rows[:3]} == {"–"}  # the other setting's is no stand-in
    assert set(found.tables["claims"]["verdict"]) == {"not measured"}
    assert forgetbench.verify(found.path).findings == []


def test_a_run_of_which_nothing_is_left_says_what_to_do_and_trains_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"every arm diverged before its first checkpoint.*train\.lr0.*another run"
    with pytest.raises(DivergedError, match=said):
        run(tmp_path, monkeypatch, {"seed": 1}, seeds=[0, 1])
    monkeypatch.setattr(session, "grow_learner", lambda *_, **__: pytest.fail("trained again"))
    with pytest.raises(DivergedError, match=said):
        run(tmp_path, monkeypatch, {}, seeds=[0, 1])
