from dataclasses import replace
from pathlib import Path

from support.sessions import session

from forgetbench.record.rows.training import MemoryRow
from forgetbench.train.epoch_record import ArmEpoch, BatchRows, SessionEpoch, joined


def row(arm: str, kind: str) -> MemoryRow:
    return MemoryRow(arm, kind, 1, "cpu", "")


def arm(name: str, *kinds: str) -> ArmEpoch:
    return ArmEpoch([BatchRows(memory=[row(name, kind)]) for kind in kinds], [1.0, 3.0], {"box": 4.0}, 2.0)


def test_rows_stand_in_the_order_of_batches_and_then_of_arms() -> None:
    first = SessionEpoch(3, 2, {"b": arm("b", "x", "y")}, shared_seconds=1.0, utilisation=0.5)
    second = SessionEpoch(3, 2, {"c": arm("c", "x", "y"), "a": arm("a", "x", "y")}, 2.0, 0.7)
    record = joined([first, second], ["a", "b", "c", "stopped before"])
    assert [(one.arm, one.kind) for one in record.memory] == [(name, kind) for kind in "xy" for name in "abc"]
    assert [(one.arm, one.seconds, one.utilisation) for one in record.times] == [
        ("", 3.0, 0.6), ("a", 2.0, None), ("b", 2.0, None), ("c", 2.0, None),
    ]  # fmt: skip
    assert record.losses == {name: {"box": 2.0} for name in "abc"}
    assert record.step_losses == {name: [1.0, 3.0] for name in "abc"}
    assert {one.epoch for one in record.times} == {record.epoch} == {3}


def test_sessions_that_train_apart_give_the_record_of_one(tmp_path: Path) -> None:
    together = list(session(tmp_path, {"a": (22, []), "b": (10, [])}).epochs())
    apart = [list(session(tmp_path, {name: (point, [])}).parts()) for name, point in (("b", 10), ("a", 22))]
    for whole, parts in zip(together, zip(*apart, strict=True), strict=True):
        assert replace(joined(parts, ["a", "b"]), times=[]) == replace(whole, times=[])
