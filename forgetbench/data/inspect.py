"""Reading everything of a dataset that has a card, to say whether it is what the card says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forgetbench.data.card_comparison import DIFFERS_FROM_CARD, compare
from forgetbench.data.cards.card import ALL, Card, LoadedCard
from forgetbench.data.cards.download import how_to_get
from forgetbench.data.cards.locate import find_data
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.load import load_data
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data


@dataclass(frozen=True)
class Inspection:
    """What was found of a dataset.

    Attributes:
        root: Its folder.
        splits: Every split the card counts, or, where it counts none, those a suite would use.
        report: What was odd, differences from the card among it.
    """

    root: Path
    splits: list[Dataset]
    report: OddityReport


def inspect(found: LoadedCard, folder: Path | None) -> Inspection:
    """Read all splits of a card's data.

    Args:
        found: The card.
        folder: Where data are looked for first.

    Raises:
        DataError: the data are not there, not readable, lack a split that suites use, or have no class that the card
            names. A split that only the card names is reported instead.
    """
    card = found.card
    root = find_data(card.path, folder, how_to_get(found))
    splits: list[Dataset] = []
    counts: dict[str, int] = {}
    report = OddityReport()
    for section in _sections(card):
        try:
            loaded = load_data(section, role="reference", suite_folder=folder, with_train=section is card.data)
        except DataError as error:
            if _is_needed(card, section):
                raise
            report.add(DIFFERS_FROM_CARD, card.name, f"part '{section.evaluate}' cannot be read: {error.problem}")
            continue
        splits += [split for split in (loaded.train, loaded.evaluate) if split is not None]
        counts |= loaded.listed
        report.found += loaded.report.found
    # What concerns the dataset as a whole was found again with every split.
    report.found = list(dict.fromkeys(report.found))
    compare(card, splits[0].classes, counts, report)
    return Inspection(root, splits, report)


def _sections(card: Card) -> list[Data]:
    splits = [split for split in card.images if split != ALL]
    if card.data.split is not None or not splits:
        return [card.data]
    return [card.data.model_copy(update={"train": None, "evaluate": split}) for split in splits]


def _is_needed(card: Card, section: Data) -> bool:
    """Tell whether suites use the split that a section reads; all are where the card names none for them."""
    used: list[str] = []
    for named in (card.data.train, card.data.evaluate):
        used += [named] if isinstance(named, str) else named or []
    return not used or section.evaluate in used
