"""Whether data are what their card says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forgetbench.data.cards.card import Card
from forgetbench.data.dataset import OddityReport
from forgetbench.errors import DataError

DIFFERS_FROM_CARD = "differs-from-card"


def compare(card: Card, classes: Sequence[str] | None, images: Mapping[str, int], report: OddityReport) -> None:
    """Report where data differ from their card in classes or number of images; what the card leaves open is not asked.

    Args:
        card: The card.
        classes: Class names found, in order; None if the suite gives others.
        images: Number of images found by split (several splits' names joined by `+`).
        report: Told of every difference.

    Raises:
        DataError: no class found is one of the card's.
    """
    wanted = card.class_names
    if classes is not None and wanted is not None and tuple(classes) != wanted:
        if not set(classes) & set(wanted):
            raise DataError(
                "these are other data than their card's: no class agrees",
                where=card.name,
                expected=_named(wanted),
                found=_named(classes),
                fix="Check the path, or correct the card.",
            )
        report.add(DIFFERS_FROM_CARD, card.name, f"classes: expected {_named(wanted)}, found {_named(classes)}")
    for split, found in images.items():
        expected = card.image_count(split)
        if expected is not None and found != expected:
            report.add(DIFFERS_FROM_CARD, card.name, f"images of part '{split}': expected {expected}, found {found}")


def _named(classes: Sequence[str]) -> str:
    shown = ", ".join(classes[:20])
    return f"{len(classes)} ({shown}{', …' if len(classes) > 20 else ''})"
