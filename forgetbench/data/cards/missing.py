"""What a suite's data lack, said without failing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forgetbench.data.cards.card import resolve
from forgetbench.data.cards.download import how_to_get
from forgetbench.data.cards.locate import find_data, look_for
from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.suite.data_section import Data


@dataclass(frozen=True)
class Missing:
    """Data that are not there.

    Attributes:
        name: The card's name, else the path.
        fetchable: Whether a command can fetch them.
        instruction: How to get them, one line.
    """

    name: str
    fetchable: bool
    instruction: str


def missing_data(spec: Data, suite_folder: Path | None) -> Missing | None:
    """Return what is missing of a suite's section, or None if its data are there; nothing is opened.

    Args:
        spec: The section.
        suite_folder: Where the suite file is.

    Raises:
        InputError: the section's card is unknown or wrong, or there are no data at a path that is not the card's.
    """
    if spec.is_drawn:
        return None
    spec, found = resolve(spec, suite_folder)
    path = spec.path or ""
    if found is None or path != found.card.path:
        find_data(path, suite_folder)  # raises where there are none, since nothing says how to get them
        return None
    if look_for(path, suite_folder) is not None:
        return None
    return Missing(found.card.name, bool(found.card.archives), how_to_get(found))


def stated_classes(spec: Data, suite_folder: Path | None) -> tuple[str, ...] | None:
    """Return the class names that a suite's section or its card states, None if only the data know; nothing is opened.

    Raises:
        InputError: the section's card is unknown or wrong.
    """
    spec, found = resolve(spec, suite_folder)
    if spec.is_drawn and spec.world is not None:
        # Imported here: most suites draw nothing.
        from forgetbench.data.shapes.world import shapes_class_names

        return shapes_class_names(spec.world)
    if found is not None and found.card.class_names is not None:
        return found.card.class_names
    return COCO_NAMES if spec.names == "coco" else tuple(spec.names) if spec.names else None
