"""`forgetbench recommend`: the three answers, in words."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from forgetbench.analyse.recommend import Bounds, Candidate, Estimated, recommend
from forgetbench.cli.main import main
from forgetbench.ship import recommend as ship
from forgetbench.ship.recommend import Advice


def said(run: Path, *options: str) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(main, ["recommend", str(run), *options])


def candidate(arm: str, gain: float, lost: tuple[float, float, float], flops: int = 3_000_000_000) -> Candidate:
    gained = Estimated(gain, gain - 0.02, gain + 0.02)
    return Candidate(arm, f"{arm} (label)", 5, "one-to-many", "head", gained, 0.5, Estimated(*lost), flops)


SURE, LIKELY, LOST = candidate("sure", 0.1, (0, 0, 0)), candidate("likely", 0.2, (0.01, 0.0, 0.03)), candidate(
    "lost", 0.3, (0.3, 0.25, 0.35), 9_000_000_000
)  # fmt: skip


def advise(monkeypatch: pytest.MonkeyPatch, candidates: list[Candidate], **changes: Any) -> None:
    """Let the command find these candidates in whatever run it is given."""

    def made(_run: Path, *, max_forgetting: float | None, max_gflops: float | None, **_others: Any) -> Advice:
        bounds = Bounds(max_forgetting, None if max_gflops is None else 1e9 * max_gflops)
        found = recommend(candidates, bounds)
        assert found is not None
        known = {"keep": None, "several_heads": False, "images": 100, "seeds": 1, **changes}
        return Advice(found, bounds, "ap", candidates=len(candidates), **known)

    monkeypatch.setattr(ship, "recommend_from", made)


def test_bounds_that_are_met(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    advise(monkeypatch, [SURE, LIKELY, LOST])
    done = said(tmp_path, "--max-forgetting", "2", "--max-gflops", "4")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "detector     sure (label), epoch 5, attach = head",
        "gain         +10.0 [8.0, 12.0] points of AP",
        "forgetting   0 [0, 0] points of AP, at most 2 allowed",
        "GFLOPs       3.00, at most 4 allowed",
        "undecided    would gain more: likely (label), epoch 5, attach = head: gain +20.0 [18.0, 22.0], "
        "forgetting 1.0 [0, 3.0], 3.00 GFLOPs",
        "to decide    about 400 reference images (100 now) would show that it keeps to the bound; one seed says "
        "nothing of how others would do",
        f"take it      forgetbench export {tmp_path} -o mine.pt --arm sure --epoch 5 --attach head",
    ]


def test_bounds_that_are_undecided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    advise(monkeypatch, [LIKELY, LOST], seeds=3, keep=("person", "car"))
    done = said(tmp_path, "--max-forgetting", "2")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0] == "No detector surely keeps to the bounds. Of those that may, the one that gains most:"
    assert lines[3] == "forgetting   1.0 [0, 3.0] points of AP of person, car, at most 2 allowed"
    assert lines[5] == "to decide    about 400 reference images (100 now) would show that it keeps to the bound"
    assert lines[-1].endswith("--arm likely --epoch 5 --attach head")


def test_bounds_that_are_impossible(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    advise(monkeypatch, [LOST], several_heads=True)
    done = said(tmp_path, "--max-forgetting", "2", "--max-gflops", "8")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "No detector of 1 keeps to the bounds. The one that misses them by least:",
        "detector     lost (label), epoch 5, attach = head, one-to-many head",
        "gain         +30.0 [28.0, 32.0] points of AP",
        "forgetting   30.0 [25.0, 35.0] points of AP, at most 2 allowed: 28.0 too many",
        "GFLOPs       9.00, at most 8 allowed: 1.00 too many",
    ]


def test_a_value_on_the_bound_is_decided_by_no_number_of_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    advise(monkeypatch, [candidate("on", 0.2, (0.02, 0.0, 0.03))])
    output = said(tmp_path, "--max-forgetting", "2").output
    assert "the value is so near the bound that no number of reference images would (100 now)" in output


def test_a_run_as_it_is(small_run: Path) -> None:
    done = said(small_run, "--max-forgetting", "0", "--keep", "circle", "-q")
    assert done.exit_code == 0, done.output
    assert "points of AP of circle, at most 0 allowed" in done.output
    assert f"forgetbench export {small_run}" in done.output


@pytest.mark.parametrize("options", [("--keep", ","), ("--keep", "unicorn"), ("--measure", "ap75")])
def test_bad_input_is_short(small_run: Path, options: tuple[str, ...]) -> None:
    done = said(small_run, *options)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
