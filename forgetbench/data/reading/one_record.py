"""Images that several records of annotations end at: whose boxes such a file has cannot be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forgetbench.data.clean import DUPLICATE_IMAGE, MISSING_IMAGE
from forgetbench.data.dataset import OddityReport
from forgetbench.data.reading.nearest import slashed

if TYPE_CHECKING:
    from forgetbench.data.reading.source import Listed


def one_record_a_file(
    purposes: Sequence[Sequence[Listed]], name_of: Callable[[Path], str], report: OddityReport
) -> list[list[Listed]]:
    """Leave out and report images that several records name, for one purpose or across several.

    A file of the very name that one record gives is that record's: others that nearly name it mean a file that is not
    there. Folders do not count for that: `cam0/a.png` and `a.png` may both have become the file `a.png`.
    """
    named: dict[Path, set[str]] = defaultdict(set)
    nearly: dict[Path, set[str]] = defaultdict(set)
    for listed in (listed for images in purposes for listed in images):
        is_other = listed.near and slashed(listed.given).rpartition("/")[2] != listed.image.name
        (nearly if is_other else named)[listed.image].add(listed.given)
    strangers = {(image, name): own for image, own in named.items() for name in nearly.get(image, set()) - own}
    for (image, name), own in strangers.items():
        detail = f"'{name}' only nearly names this file, which is that of '{min(own)}': left out"
        report.add(MISSING_IMAGE, name_of(image), detail)
    mixed = {image: sorted(names) for image, names in {**nearly, **named}.items() if len(names) > 1}
    for image, (first, second, *more) in mixed.items():
        few = f"'{first}' and {len(more) + 1} more" if more else f"'{first}' and '{second}' both"
        detail = f"{few} end at this one file, and whose boxes it has cannot be told: left out"
        report.add(DUPLICATE_IMAGE, name_of(image), detail)
    return [
        [it for it in images if it.image not in mixed and (it.image, it.given) not in strangers] for images in purposes
    ]
