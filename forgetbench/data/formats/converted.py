"""Which format counts where a folder holds the same labels twice, as converters to YOLO leave it.

YOLO's labels are made from XML or JSON files that stay where they were, seldom the other way round: labels go before.
Of a complete VOC dataset (`Annotations/` and `JPEGImages/`) and of COCO's files that cannot be said: the user has to.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forgetbench.data.formats.yolo.darknet import is_label_file
from forgetbench.data.reading.paths import matching, walk_images


def without_converted(folder: Path, fitting: Sequence[str]) -> list[str]:
    """Return of the formats that fit a folder those that are left once one of them is known to be the other's source.

    Args:
        folder: The folder.
        fitting: Names of formats.

    Raises:
        OSError: a file or folder cannot be read.
    """
    if len(fitting) < 2 or "yolo" not in fitting:
        return list(fitting)
    if not any(map(is_label_file, walk_images(folder, {".txt"}))):
        return [kind for kind in fitting if kind != "yolo"]  # folders of these names hold another format's files
    beside = {"labelme"} if matching(folder, "JPEGImages", "VOC[0-9]*/JPEGImages") else {"labelme", "voc"}
    return [kind for kind in fitting if kind not in beside]
