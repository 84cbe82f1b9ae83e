"""Where the reference was forgotten: the modules that moved most, and BatchNorm's statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.report.blocks import Block, FigureOf, Heading, Name, Paragraph, Table, Text, joined
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import UNMEASURED, counted_seeds, interval, points
from forgetbench.report.words import ADAPTED

#: How many modules of an arm are named.
NAMED = 3
_HOW_TO_READ = (
    "CKA compares what a module gives with what the original's gives (1: the same up to rotation and scale), so it "
    "also carries what the modules before it did; so does the distance, ‖difference‖ / ‖original's‖. The change of "
    "weights is the module's own. CKA is rough on few images: read tenths. None of these is a loss of AP: attach "
    "points between the freeze point and the head tell what the modules below them cost. `drift.csv` has every module."
)
_STATISTICS = (
    "Points of reference AP lost, attach = head, where only BatchNorm's running statistics are the arm's and all "
    "weights the original's, the reverse, and where both are the arm's. The parts need not add up: adapted weights may "
    "need their statistics. Brackets: {interval}."
)


def section(view: ModelView) -> Iterator[Block]:
    """Yield how far a model's modules moved and what its statistics cost; nothing where nothing was measured."""
    moved = any(drift.cka is not None or drift.weight_change is not None for drift in view.drifts)
    if not moved and all(share.forgetting is None for share in view.shares):
        return
    called = f"{view.called} ({counted_seeds(view.run.seeds)})"
    labels = {treatment: look.label for treatment, look in view.looks.items()}
    yield Heading((Name(view.name), ": where it was forgotten"))
    yield Paragraph(_HOW_TO_READ)
    yield drift_table(view.drifts, labels, called)
    spread = "95 % intervals over images" if view.run.seeds == 1 else "the least and largest seed"
    yield Paragraph(_STATISTICS.format(interval=spread))
    yield statistics_table(view.shares, labels, called)
    yield FigureOf(f"drift-{view.name}")
    yield FigureOf(f"batchnorm-{view.name}")


def drift_table(drifts: Sequence[ModuleDrift], labels: Mapping[Treatment, str], called: str) -> Table:
    """Return, for each treatment, the modules with weights that moved most by each measure."""
    rows: list[list[Text]] = []
    for treatment, label in labels.items():
        mine = [drift for drift in drifts if drift.treatment == treatment and drift.weight_change is not None]
        rows.append(
            [
                Name(label),
                _furthest(mine, lambda drift: drift.cka, lowest=True),
                _furthest(mine, lambda drift: drift.distance),
                _furthest(mine, lambda drift: drift.weight_change),
                _furthest(mine, lambda drift: drift.variance_change),
            ]
        )
    header = [called, "lowest CKA", "largest distance", "largest change of weights", "of running variances"]
    return Table(header, rows, left=5)


def statistics_table(shares: Sequence[StatisticsShare], labels: Mapping[Treatment, str], called: str) -> Table:
    """Return what each treatment loses to its statistics, to its weights and to both."""
    several = len({share.head for share in shares}) > 1
    rows: list[list[Text]] = []
    for treatment, head in dict.fromkeys((share.treatment, share.head) for share in shares):
        mine = {share.adapted: share for share in shares if (share.treatment, share.head) == (treatment, head)}
        cells = [_lost(mine[adapted]) for adapted in ADAPTED]
        rows.append([Name(labels[treatment]), *([Name(head)] if several else []), *cells])
    return Table([called, *(["head"] if several else []), *ADAPTED.values()], rows, left=2 if several else 1)


def _lost(share: StatisticsShare) -> str:
    return f"{points(share.forgetting)} {interval(*share.interval) if share.interval else ''}".rstrip()


def _furthest(
    drifts: Iterable[ModuleDrift], quantity: Callable[[ModuleDrift], float | None], *, lowest: bool = False
) -> Text:
    known = [(value, drift) for drift in drifts if (value := quantity(drift)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=not lowest)
    if not known:
        return UNMEASURED
    return joined(
        (f"{drift.index} ", Name(drift.kind), f" {value:.2f}".replace("-", "−")) for value, drift in known[:NAMED]
    )
