"""Tables of what was measured while training, from the records of its epochs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forgetbench.derive.source import Source
from forgetbench.record.rows.training import LossRow, SessionTimeRow


def gradient_rows(source: Source) -> list[dict[str, Any]]:
    """Return norms by step and module."""
    return [row for _, record in source.records for row in record["gradients"]]


def memory_rows(source: Source) -> list[dict[str, Any]]:
    """Return bytes by kind."""
    return [row for _, record in source.records for row in record["memory"]]


def time_rows(source: Source) -> Iterator[SessionTimeRow]:
    """Yield seconds by epoch, of each arm and of what all share."""
    for (model, seed), record in source.records:
        for row in record["times"]:
            yield SessionTimeRow(model, seed, **row)


def loss_rows(source: Source) -> Iterator[LossRow]:
    """Yield mean losses by epoch and part."""
    for _, record in source.records:
        for arm, parts in record["losses"].items():
            for part, value in parts.items():
                yield LossRow(arm, record["epoch"], part, value)
