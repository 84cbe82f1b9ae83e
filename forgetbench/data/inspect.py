"""Reading everything of a dataset that has a card, to say whether it is what the card says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forgetbench.data.card import ALL, Card, LoadedCard
from forgetbench.data.compare import compare
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.download import how_to_get
from forgetbench.data.load import load_data
from forgetbench.data.locate import find_data
from forgetbench.suite.schema import Data


@dataclass(frozen=True)
class Inspection:
    """What was found of a dataset.

    Attributes:
        root: Its folder.
        parts: Every part the card counts, or, where it counts none, those a suite would use.
        report: What was odd, differences from the card among it.
    """

    root: Path
    parts: list[Dataset]
    report: OddityReport


def inspect(found: LoadedCard, folder: Path | None) -> Inspection:
    """Read all parts of a card's data.

    Args:
        found: The card.
        folder: Where data are looked for first.

    Raises:
        DataError: the data are not there, not readable, lack a part, or have no class that the card names.
    """
    card = found.card
    root = find_data(card.path, folder, how_to_get(found))
    parts: list[Dataset] = []
    report = OddityReport()
    for section in _sections(card):
        loaded = load_data(section, role="reference", suite_folder=folder, with_train=section is card.data)
        parts += [part for part in (loaded.train, loaded.evaluate) if part is not None]
        report.found += loaded.report.found
    # What concerns the dataset as a whole was found again with every part.
    report.found = list(dict.fromkeys(report.found))
    counts = {part.split: len(part.samples) for part in parts}
    if card.data.split is not None:
        counts = {ALL: sum(counts.values())}
    compare(card, parts[0].classes, counts, report)
    return Inspection(root, parts, report)


def _sections(card: Card) -> list[Data]:
    parts = [part for part in card.images if part != ALL]
    if card.data.split is not None or not parts:
        return [card.data]
    return [card.data.model_copy(update={"train": None, "evaluate": part}) for part in parts]
