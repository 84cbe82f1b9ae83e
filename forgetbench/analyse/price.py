"""What combined detectors cost: sums over the modules that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forgetbench.analyse.tradeoff import Treatment, treatment_of
from forgetbench.record.manifest import ArmRecord, Manifest
from forgetbench.record.rows.price import ModulePart, ModuleRow, PriceRow
from forgetbench.suite.points import attach_points_of, resolve_attach_point


class Size(NamedTuple):
    """What some modules cost together; see `ModuleRow`."""

    parameters: int
    flops: int
    bytes: int


def prices(rows: Sequence[ModuleRow], manifest: Manifest) -> Iterator[PriceRow]:
    """Yield what the detector of every arm of a run costs, by head and attach point; `rows` say what modules cost."""
    listed = manifest["suite"]["attach_points"]
    for arm in manifest["arms"]:
        end = manifest["models"][arm["model"]]["head"]
        mine = [row for row in rows if row.model == arm["model"] and row.arm in (None, arm["arm"])]
        trunk = _size(row for row in mine if row.part == "trunk")
        for head in dict.fromkeys(row.head for row in mine if row.head is not None):
            own, task, both = (_head(mine, part, head) for part in ("original head", "task head", "both heads"))
            for attach in attach_points_of(listed, end):
                module = resolve_attach_point(attach, freeze_point=arm["freeze_point"], head=end)
                twice = _size(row for row in mine if row.part == "trunk" and row.module >= module)
                combined, original = _sum(trunk, twice, both), _sum(trunk, own)
                two = _sum(original, trunk, task)
                yield PriceRow(arm["model"], arm["arm"], head, attach, module, *combined, *original, *two)


@dataclass(frozen=True)
class Priced:
    """A treatment's detector under one attach point, arms that differ by the seed taken as one."""

    treatment: Treatment
    row: PriceRow

    @property
    def extra_flops(self) -> int:
        """What it computes beyond the original."""
        return self.row.flops - self.row.original_flops


def distinct(rows: Iterable[PriceRow]) -> list[PriceRow]:
    """Return the detectors of each arm that differ in what they cost, the cheapest first.

    Of attach points between which no module has parameters one is kept: a named one if there is one.
    """
    kept: dict[tuple[str, str], dict[tuple[int, int], PriceRow]] = {}
    for row in rows:
        mine, cost = kept.setdefault((row.arm, row.head), {}), (row.flops, row.bytes)
        if cost not in mine or (mine[cost].attach.isdecimal() and not row.attach.isdecimal()):
            mine[cost] = row
    return [row for mine in kept.values() for row in sorted(mine.values(), key=lambda row: row.flops)]


def prices_by_head(rows: Iterable[PriceRow], arms: Iterable[ArmRecord]) -> dict[str, list[Priced]]:
    """Return the distinct detectors of a model's treatments by head, of each treatment the cheapest first."""
    first: dict[Treatment, str] = {}
    for arm in arms:
        first.setdefault(treatment_of(arm), arm["arm"])
    treatments = {name: treatment for treatment, name in first.items()}
    found: dict[str, list[Priced]] = {}
    for row in distinct(rows):
        if row.arm in treatments:
            found.setdefault(row.head, []).append(Priced(treatments[row.arm], row))
    return found


def _head(rows: Iterable[ModuleRow], part: ModulePart, head: str) -> Size:
    return _size(row for row in rows if (row.part, row.head) == (part, head))


def _size(rows: Iterable[ModuleRow]) -> Size:
    return _sum(*(Size(row.parameters, row.flops, row.bytes) for row in rows))


def _sum(*sizes: Size) -> Size:
    return Size(*(sum(size[place] for size in sizes) for place in range(3)))
