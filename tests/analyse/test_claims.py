"""Claims against a made-up run."""

from pathlib import Path
from typing import Any

import pytest
from support import madeup_run
from support.claimed import BACKBONE, HEAD, claim, run
from support.reported import claims_of

from forgetbench.analyse.claims import ClaimRow, claim_rows
from forgetbench.analyse.equal_gain import EqualGainRow
from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.tables import read_tables


def judged(folder: Path, one: dict[str, Any]) -> ClaimRow:
    (row,) = claim_rows(read_tables(run(folder, one)))
    return row


def test_forgetting_under_an_attach_point(tmp_path: Path) -> None:
    row = judged(tmp_path, claim("forgetting", below=0.001))
    assert (row.verdict, row.value, row.low, row.high) == ("refuted", 0.2, 0.12, 0.27)
    assert judged(tmp_path, claim("forgetting", below=0.15)).verdict == "undecided"
    assert judged(tmp_path, claim("forgetting", below=0.3)).verdict == "supported"
    null_control = judged(tmp_path, claim("forgetting", below=0.001, attach="freeze-point"))
    assert (null_control.verdict, null_control.by_construction) == ("supported", True)
    assert judged(tmp_path, claim("forgetting", below=0.001, attach=12)).verdict == "not measured"


def test_gain_in_either_direction(tmp_path: Path) -> None:
    assert judged(tmp_path, claim("gain", above=0.1, against=HEAD)).verdict == "supported"
    turned = claim("gain", above=0.1, against=BACKBONE)
    turned["compared"][0]["treatments"] = [HEAD]
    row = judged(tmp_path, turned)
    assert (row.verdict, row.value, row.low, row.high) == ("refuted", -0.15, -0.19, -0.11)


def test_a_claim_may_be_of_recall(tmp_path: Path) -> None:
    recall = claim("forgetting", below=0.3, measure="recall_at_0.25")
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.4, 0.33, 0.45, measure="recall_at_0.25"),
    ]
    folder = madeup_run.write_run(tmp_path, about=madeup_run.manifest(claims=[recall]), evidence=evidence)
    (row,) = claim_rows(read_tables(folder))
    assert (row.verdict, row.value, row.measure) == ("refuted", 0.4, "recall_at_0.25")
    assert claims_of(folder) == [
        "claim said (forgetting of every arm below 30 points of recall at 0.25, attach = head): refuted (1 seed). "
        "refuted (1 seed): backbone (10) 40.0 [33.0, 45.0]"
    ]


def test_memory_and_time_are_ratios(tmp_path: Path) -> None:
    memory = judged(tmp_path, claim("memory", below=2.0, against=HEAD))
    assert memory.value == pytest.approx((100 + 20 + 40 + 100) / (100 + 10 + 20 + 50))
    assert (memory.verdict, memory.head, memory.seeds) == ("supported", None, None)
    time = judged(tmp_path, claim("time", below=2.0, against=HEAD))
    assert time.value == pytest.approx((0.5 + 2.0) / (0.5 + 0.5))
    assert time.verdict == "refuted"


def test_an_arm_that_the_suite_does_not_have_was_not_measured(tmp_path: Path) -> None:
    absent = claim("forgetting", below=0.001)
    absent["compared"][0]["treatments"] = ["15"]
    assert judged(tmp_path, absent).verdict == "not measured"
    memory = claim("memory", below=1.0, against="none (0)")
    assert judged(tmp_path, memory).verdict == "not measured"


def test_forgetting_over_another_arm_and_at_equal_gain(tmp_path: Path) -> None:
    asked = [
        claim("forgetting", below=0.1, name="more", against=HEAD),
        claim("forgetting", above=0.1, name="at-gain", at_gain=0.05),
        claim("forgetting", below=0.0, name="less", at_gain=0.05, against="none (0)"),
        claim("forgetting", below=0.0, name="never", at_gain=0.3),
    ]
    evidence = [madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27, against=HEAD)]
    folder = madeup_run.write_run(tmp_path, about=madeup_run.manifest(claims=asked), evidence=evidence)
    scene: dict[str, Any] = {"model": "yolo", "head": "one-to-many", "attach": "head", "at_gain": 0.05, "seeds": 3}
    rows = [
        {**scene, "treatment": BACKBONE, "against": "original", "value": 0.15, "low": 0.11, "high": 0.19},
        {**scene, "treatment": "none (0)", "against": BACKBONE, "value": 0.08, "low": 0.02, "high": 0.14},
    ]
    columns = columns_of(EqualGainRow)
    others = {**dict.fromkeys(columns), "from_epoch": 1, "to_epoch": 2, "share": 0.5}
    RunFolder(folder).write_table("equal_gain.csv", columns, [{**others, **row} for row in rows])
    more, at_gain, less, never = claim_rows(read_tables(folder))
    assert (more.verdict, more.value) == ("refuted", 0.2)
    assert (at_gain.verdict, at_gain.at_gain, at_gain.seeds) == ("supported", 0.05, 3)
    assert (less.verdict, less.value, less.low, less.high) == ("supported", -0.08, -0.14, -0.02)
    assert never.verdict == "not measured"
    said = claims_of(folder)
    assert said[0].startswith("claim more (forgetting, less that of all-but-head (22), of every arm below 10 points")
    assert said[2].startswith(
        "claim less (forgetting at a gain of 5 points, less that of none (0), of every arm below 0 points of AP"
    )


def test_a_claim_on_two_heads_falls_with_either(tmp_path: Path) -> None:
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27, head="one-to-one"),
        madeup_run.evidence_row("forgetting", 0.01, 0.0, 0.02, head="one-to-many"),
    ]
    every, some = (claim("forgetting", below=0.05, name=of, of=of) for of in ("every", "some"))
    folder = madeup_run.write_run(tmp_path, about=madeup_run.manifest(claims=[every, some]), evidence=evidence)
    rows = [(row.claim, row.head, row.verdict) for row in claim_rows(read_tables(folder))]
    assert rows == [
        ("every", "one-to-one", "refuted"), ("every", "one-to-many", "supported"),
        ("some", "one-to-one", "refuted"), ("some", "one-to-many", "supported"),
    ]  # fmt: skip
    first, second = claims_of(folder)
    assert first == (
        "claim every (forgetting of every arm below 5 points of AP, attach = head): refuted (1 seed). "
        "refuted (1 seed): backbone (10) one-to-one 20.0 [12.0, 27.0]; "
        "supported (1 seed): backbone (10) one-to-many 1.0 [0, 2.0]"
    )
    assert second.startswith(
        "claim some (forgetting of some arm below 5 points of AP, attach = head): supported (1 seed). "
    )
