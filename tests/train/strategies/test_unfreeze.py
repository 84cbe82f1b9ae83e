"""Modules that are unfrozen during training."""

from pathlib import Path

from support.strategy_sessions import moved, session, state


def test_a_module_unfrozen_later_rests_until_then(tmp_path: Path) -> None:
    made = session(tmp_path, {"a": (22, {"unfreeze": {2: 18}})})
    before = state(made, "a")
    records = []
    for record in made.epochs():
        records.append(record)
        changed = moved(before, made.learners["a"].branch.state())
        stored = moved(before, made.learners["a"].checkpoint_tensors())
        assert {int(name.split(".")[1]) for name in changed} == ({22} if record.epoch == 1 else {18, 19, 21, 22})
        assert {int(name.split(".")[1]) for name in stored} == ({22} if record.epoch == 1 else {18, 19, 21, 22})
    norms = {(row.epoch, row.module): row.norm for record in records for row in record.gradients}
    assert norms[1, "model.21"] is None
    assert norms[2, "model.21"] is not None
    held = [{row.kind: row.bytes for row in record.memory} for record in records]
    assert (held[0]["gradients"] or 0) < (held[1]["gradients"] or 0)
    assert (held[0]["optimizer"] or 0) < (held[1]["optimizer"] or 0)
