"""What a report says of where the reference was forgotten: the modules that moved most, and BatchNorm's statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare, module_drift, statistics_shares
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.record.tables import RunTables, read_table
from forgetbench.report.drift_charts import ADAPTED, draw_drift, draw_statistics
from forgetbench.report.figures import Figures
from forgetbench.report.style import Look, heading
from forgetbench.report.text import UNMEASURED, counted_seeds, interval, markdown_table, points
from forgetbench.shown import in_markdown

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


def write_where_forgotten(
    folder: Path, figures: Figures, tables: RunTables, model: str, subject: str, looks: Mapping[Treatment, Look]
) -> str | None:
    """Draw a model's charts of drift and return its section; None where nothing was measured.

    Args:
        folder: The run.
        figures: What draws charts.
        tables: Its tables; `drift.csv` and `batchnorm.csv` are read if they are there.
        model: Which.
        subject: What charts say they are about.
        looks: Look of each treatment.

    Raises:
        CorruptRunError: one of the tables is unreadable.
    """
    if not all((folder / name).is_file() for name in ("drift.csv", "batchnorm.csv")):
        return None
    about, arms = tables.manifest["models"][model], tables.arms(model)
    drifts = module_drift(arms, read_table(folder / "drift.csv"))
    shares = statistics_shares(arms, read_table(folder / "batchnorm.csv"))
    shown: list[str] = []
    if any(drift.cka is not None or drift.weight_change is not None for drift in drifts):
        title = f"Drift by module: {subject}"
        shown.append(
            figures.add(f"drift-{model}", lambda: draw_drift(drifts, looks, about["neck"], about["head"], title))
        )
    if any(share.forgetting is not None for share in shares):
        called = f"BatchNorm statistics against weights: {subject}"
        shown.append(figures.add(f"batchnorm-{model}", lambda: draw_statistics(shares, looks, called)))
    if not shown:
        return None
    seeds = len(tables.manifest["suite"]["seeds"])
    parts = [
        f"### {in_markdown(model)}: where it was forgotten",
        _HOW_TO_READ,
        drift_table(drifts, looks, seeds),
        _STATISTICS.format(interval="95 % intervals over images" if seeds == 1 else "the least and largest seed"),
        statistics_table(shares, looks, seeds),
        *shown,
    ]
    return "\n\n".join(filter(None, parts))


def drift_table(drifts: Sequence[ModuleDrift], looks: Mapping[Treatment, Look], seeds: int) -> str:
    """Return, for each treatment, the modules with weights that moved most by each measure."""
    rows = []
    for treatment, look in looks.items():
        mine = [drift for drift in drifts if drift.treatment == treatment and drift.weight_change is not None]
        rows.append(
            [
                in_markdown(look.label),
                _furthest(mine, lambda drift: drift.cka, lowest=True),
                _furthest(mine, lambda drift: drift.distance),
                _furthest(mine, lambda drift: drift.weight_change),
                _furthest(mine, lambda drift: drift.variance_change),
            ]
        )
    header = [f"{heading(looks)} ({counted_seeds(seeds)})", "lowest CKA", "largest distance"]
    header += ["largest change of weights", "of running variances"]
    return markdown_table(header, rows, left=5)


def statistics_table(shares: Sequence[StatisticsShare], looks: Mapping[Treatment, Look], seeds: int) -> str:
    """Return what each treatment loses to its statistics, to its weights and to both."""
    several = len({share.head for share in shares}) > 1
    rows = []
    for treatment, head in dict.fromkeys((share.treatment, share.head) for share in shares):
        mine = {share.adapted: share for share in shares if (share.treatment, share.head) == (treatment, head)}
        cells = [_lost(mine[adapted]) for adapted in ADAPTED]
        rows.append([in_markdown(looks[treatment].label), *([in_markdown(head)] if several else []), *cells])
    called = f"{heading(looks)} ({counted_seeds(seeds)})"
    header = [called, *(["head"] if several else []), *ADAPTED.values()]
    return markdown_table(header, rows, left=2 if several else 1)


def _lost(share: StatisticsShare) -> str:
    return f"{points(share.forgetting)} {interval(*share.interval) if share.interval else ''}".rstrip()


def _furthest(
    drifts: Sequence[ModuleDrift], quantity: Callable[[ModuleDrift], float | None], *, lowest: bool = False
) -> str:
    known = [(value, drift) for drift in drifts if (value := quantity(drift)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=not lowest)
    named = (f"{drift.index} {in_markdown(drift.kind)} {value:.2f}".replace("-", "−") for value, drift in known[:NAMED])
    return ", ".join(named) or UNMEASURED
