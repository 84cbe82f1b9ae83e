"""The table of what the reference loses to adapted BatchNorm statistics and what to adapted weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from forgetbench.analyse.measures import forgetting
from forgetbench.analyse.uncertainty import uncertain
from forgetbench.derive.source import Source
from forgetbench.record.rows.drift import BatchNormRow


def batchnorm_rows(source: Source) -> Iterator[BatchNormRow]:
    """Yield the rows of `batchnorm.csv`, their scores anew from the detections that it names.

    Raises:
        CorruptRunError: the table, or a file that its scores rest on, is missing or unreadable.
    """
    yield from scored_rows(source, source.read("batchnorm.csv", BatchNormRow))


def scored_rows(source: Source, rows: Sequence[BatchNormRow]) -> Iterator[BatchNormRow]:
    """Yield rows with the scores of the detections that they name."""
    networks = source.networks
    with source.progress.task("telling BatchNorm statistics from weights", len(rows), "network") as advance:
        for done, row in enumerate(rows, start=1):
            if row.detections is None:
                yield replace(row, ap=None, forgetting=None, low=None, high=None)
            else:
                after, before = networks.ap(row.detections), networks.ap(networks.original(row.model, row.head))
                lost = forgetting(before.value, after.value)
                low, high = uncertain([lost], [before.resampled - after.resampled]).over_images or (None, None)
                yield replace(row, ap=after.value, forgetting=lost, low=low, high=high)
            advance(done, "")
