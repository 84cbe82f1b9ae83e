"""What is said of claims, in the summary and on a terminal."""

from pathlib import Path

from support import madeup_run
from support.claimed import HEAD, claim, run
from support.reported import claims_of, summary_of


def test_what_the_reader_is_told(tmp_path: Path) -> None:
    folder = run(
        tmp_path,
        claim("forgetting", below=0.001, name="kept"),
        claim("forgetting", below=0.001, name="kept-below", attach="freeze-point"),
        claim("memory", below=2.0, against=HEAD, name="light", of="some"),
    )
    kept, below, light = claims_of(folder)
    assert kept == (
        "claim kept (forgetting of every arm below 0.1 points of AP, attach = head): refuted (1 seed). "
        "refuted (1 seed): backbone (10) 20.0 [12.0, 27.0]"
    )
    assert below.startswith(
        "claim kept-below (forgetting of every arm below 0.1 points of AP, attach = freeze-point): "
    )
    assert below.endswith("supported (by construction). supported (by construction): backbone (10)")
    assert light.startswith("claim light (memory of some arm below 2 times that of all-but-head (22)): supported.")
    text = summary_of(folder)
    assert "### kept: refuted (1 seed)\n\nClaimed: so (page 3).\n\nTested as: forgetting of every arm below 0.1" in text
    assert "| backbone (10) | yolo | one-to-many | 20.0 | [12.0, 27.0] | refuted (1 seed) |" in text
    assert "### kept-below: supported (by construction)" in text
    assert "| backbone (10) | yolo |  | 1.44 |  | supported |" in text


def test_a_verdict_from_several_seeds_is_not_marked(tmp_path: Path) -> None:
    evidence = [madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27, seeds=3)]
    about = madeup_run.manifest(claims=[claim("forgetting", below=0.001, name="kept")])
    (kept,) = claims_of(madeup_run.write_run(tmp_path, about=about, evidence=evidence))
    assert kept.endswith("attach = head): refuted. refuted: backbone (10) 20.0 [12.0, 27.0]")


def test_without_claims_nothing_is_said(tmp_path: Path) -> None:
    folder = run(tmp_path)
    assert claims_of(folder) == []
    assert "## Claims" not in summary_of(folder)
