"""Lists of images in the YOLO layout: text files with one image a line, in the order they are used.

An entry is a path relative to the list or to the dataset, or absolute. One without an image's suffix is a stem: its
image is looked for in the list's folder and the dataset's, and in their `images/`, `images/<name of the list>/` and
`data/`.
"""

from __future__ import annotations

from pathlib import Path

from forgetbench.data.clean import DUPLICATE_IMAGE, MISSING_IMAGE, WRONG_PATHS
from forgetbench.data.data_yaml import find_tail
from forgetbench.data.dataset import OddityReport, relative_name
from forgetbench.data.paths import images_by_stem, is_file, is_image, plain_path, read_lines
from forgetbench.errors import brief


def listed_images(path: Path, root: Path, report: OddityReport) -> list[Path]:
    """Return the images a list names; those that are not there are left out and reported.

    Args:
        path: The list.
        root: The dataset's folder.
        report: Told of what is missing, doubtful or found elsewhere.

    Raises:
        DataError: the list is not readable text.
    """
    name = relative_name(path, root)
    bases = tuple(dict.fromkeys((path.parent, root)))
    stems = _Stems([base / folder for base in bases for folder in (".", "images", f"images/{path.stem}", "data")])
    images: list[Path] = []
    wrong: list[str] = []
    for number, line in enumerate(read_lines(path), start=1):
        entry = line.strip()
        if not entry:
            continue
        found = [base / entry for base in bases if is_file(base / entry)][:1]
        if not found and not is_image(Path(entry).name):
            found = stems.find(entry)
            for other in found[1:]:
                first = relative_name(found[0], root)
                report.add(DUPLICATE_IMAGE, relative_name(other, root), f"same name as {first}: left out")
        if not found and (tail := find_tail(entry, root)) is not None and is_file(tail):
            found = [tail]
            wrong.append(entry)
        if found:
            images.append(plain_path(found[0]))
        else:
            report.add(MISSING_IMAGE, name, f"line {number}: no image {brief(entry)}: left out")
    if wrong:
        detail = f"{len(wrong)} paths do not exist, the first {brief(wrong[0])}; found by their last folders instead"
        report.add(WRONG_PATHS, name, detail)
    return images


class _Stems:
    """Finds images by stem in some folders; each folder is listed once."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._known: dict[Path, dict[str, list[Path]]] = {}

    def find(self, entry: str) -> list[Path]:
        """Return the images of a stem, which may have folders before it, from the first folder that has any."""
        for folder in self._folders:
            place = (folder / entry).parent
            if place not in self._known:
                self._known[place] = images_by_stem(place)
            found = self._known[place].get(Path(entry).name)
            if found:
                return found
        return []
