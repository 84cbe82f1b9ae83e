"""Tables of what was measured while training, from records written by hand."""

from types import SimpleNamespace
from typing import Any

from forgetbench.derive.training import gradient_rows, loss_rows, memory_rows, time_rows
from forgetbench.record.rows.training import LossRow, SessionTimeRow

GRADIENT = {"arm": "a", "epoch": 1, "step": 1, "module": "model.22", "norm": 1.0}
SOURCE: Any = SimpleNamespace(
    records=[
        (("m", 0), {
            "epoch": 1, "gradients": [GRADIENT], "memory": [{"arm": "a", "kind": "gradients", "bytes": 4}],
            "times": [{"arm": "", "epoch": 1, "steps": 2, "seconds": 0.5, "utilisation": 0.9},
                      {"arm": "a", "epoch": 1, "steps": 2, "seconds": 1.5}],
            "losses": {"a": {"box": 1.0, "cls": 2.0}},
        }),
        (("m", 1), {"epoch": 2, "gradients": [], "memory": [], "times": [], "losses": {"b": {"box": 3.0}}}),
    ]
)  # fmt: skip


def test_rows_come_in_the_order_of_the_records() -> None:
    assert gradient_rows(SOURCE) == [GRADIENT]
    assert memory_rows(SOURCE) == [{"arm": "a", "kind": "gradients", "bytes": 4}]
    assert list(time_rows(SOURCE)) == [
        SessionTimeRow("m", 0, "", 1, 2, 0.5, 0.9), SessionTimeRow("m", 0, "a", 1, 2, 1.5),
    ]  # fmt: skip
    expected = [LossRow("a", 1, "box", 1.0), LossRow("a", 1, "cls", 2.0), LossRow("b", 2, "box", 3.0)]
    assert list(loss_rows(SOURCE)) == expected
