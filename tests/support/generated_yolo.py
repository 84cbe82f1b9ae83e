"""Small datasets in the YOLO layout, laid out in many ways."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml
from support.generated import (
    TURNED,
    Made,
    Namer,
    Part,
    Purpose,
    class_names,
    random_size,
    suffix_for,
    upright_size,
    write_picture,
)
from support.generated_labels import Lines

_Names = tuple[tuple[Purpose, str], ...]
_PARTS: _Names = (("train", "train"), ("evaluate", "val"))
#: Where images of a part are: where a data.yaml says so, or where they are found without one.
_DESCRIBED = ("images/{}", "{}/images", "images/all/images/{}", "{}")
_FOUND = ("images/{}", "{}/images")


def make_yolo(
    root: Path,
    rng: Random,
    lines: Lines,
    kpt_shape: tuple[int, int] | None = None,
    *,
    text_keys: bool = False,
    hidden: bool = False,
) -> Made:
    """Write a dataset of two parts, the first of which may be in two places, or at times of one without a name.

    Args:
        root: Its folder.
        rng: Decides everything.
        lines: Makes the lines of a label file.
        kpt_shape: What its data.yaml says of key points.
        text_keys: Whether its data.yaml maps class numbers written as text to names.
        hidden: Whether programs have left hidden files and folders of images among the images.
    """
    made = Made(root, class_names(rng))
    described = kpt_shape is not None or text_keys or rng.random() < 0.7
    layout, parts = rng.choice(_DESCRIBED if described else _FOUND), _PARTS
    if described and rng.random() < 0.2:
        parts = (("train", "more"), *_PARTS)
    elif not described and rng.random() < 0.2:
        layout, parts = "images", (("evaluate", ""),)
    listed = rng.random() < 0.25 and (described or layout == "images/{}")
    namer = Namer(rng)
    for purpose, part in parts:
        folder = root / layout.format(part)
        images = _write_part(folder, rng, namer, lines, len(made.names))
        if hidden:
            _hide_images(folder, rng)
        place = root / f"{part}.txt" if listed else folder
        if listed:
            names = [image.relative_to(root).as_posix() for image in images]
            paths = [rng.choice((f"./{name}", f"{root}/{name}")) for name in names]
            text = rng.choice(("\n", "\r\n")).join(paths) + rng.choice(("", "\n"))
            place.write_text(text, encoding="utf-8", newline="")
        made.parts[purpose].append(Part(place, folder))
    if described:
        made.described = _describe(made, rng, kpt_shape, text_keys)
    else:
        made.section["names"] = list(made.names)
    return made


def _write_part(folder: Path, rng: Random, namer: Namer, lines: Lines, classes: int) -> list[Path]:
    images = []
    for index in range(rng.randint(1, 3)):
        orientation = rng.choice(TURNED) if rng.random() < 0.1 else 1
        stored = random_size(rng)
        below = folder / rng.choice(("", "", "a b", "deep/er")) if index else folder
        image = below / f"{namer.stem()}{suffix_for(rng, orientation)}"
        write_picture(image, stored, rng, orientation)
        images.append(image)
        if index == 0 or rng.random() < 0.85:
            written = lines(rng, upright_size(stored, orientation), classes, index == 0)
            _write_label(image, [] if index and rng.random() < 0.1 else written, rng)
    return images


def _write_label(image: Path, lines: Sequence[str], rng: Random) -> None:
    folders = list(image.parent.parts)
    if "images" in folders:
        folders[len(folders) - 1 - folders[::-1].index("images")] = "labels"
    path = Path(*folders) / f"{image.stem}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    end = rng.choice(("\n", "\n", "\r\n", "\n\n"))
    text = rng.choice(("", "", "\ufeff", "\n")) + end.join(lines) + rng.choice(("", end))
    path.write_text(text, encoding="utf-8", newline="")


def _hide_images(folder: Path, rng: Random) -> None:
    below = folder / ".ipynb_checkpoints"
    for name in rng.sample((".ipynb_checkpoints/a-checkpoint.png", ".ipynb_checkpoints/b.jpg", "._c.jpg", ".d.png"), 2):
        write_picture(folder / name, (16, 16), rng)
    if below.is_dir():
        (below / "a-checkpoint.txt").write_text("0 0.5 0.5 0.5 0.5\n", encoding="utf-8")


def _describe(made: Made, rng: Random, kpt_shape: tuple[int, int] | None, text_keys: bool) -> Path:
    """Write a data.yaml: names as a list or a mapping, paths relative, absolute or one folder up as Roboflow writes."""
    content: dict[str, Any] = {"names": list(made.names)}
    if text_keys or rng.random() < 0.5:
        content["names"] = {str(key) if text_keys else key: name for key, name in enumerate(made.names)}
    if rng.random() < 0.3:
        content["nc"] = len(made.names)
    if kpt_shape is not None:
        content["kpt_shape"] = list(kpt_shape)
    if rng.random() < 0.4:
        content["path"] = rng.choice((str(made.root), "."))
    for purpose, part in _PARTS:
        places = [found.place for found in made.parts[purpose]]
        as_list = len(places) > 1 or rng.random() < 0.2
        paths = [_as_written(made.root, place, rng, alone=not as_list) for place in places]
        content[part] = paths if as_list else paths[0]
    if rng.random() < 0.1:
        content["validation"] = content.pop("val")
    path = made.root / rng.choice(("data.yaml", "data.yaml", "my data.yaml"))
    path.write_text(yaml.safe_dump(content, allow_unicode=rng.random() < 0.5, sort_keys=False), encoding="utf-8")
    return path


def _as_written(root: Path, place: Path, rng: Random, *, alone: bool) -> str:
    """Return a path as a data.yaml may give it; Ultralytics mends one that leads up only where it stands alone."""
    inside = place.relative_to(root).as_posix()
    forms = [inside, f"./{inside}", str(place)]
    if place.is_dir():
        forms.append(f"{inside}/")
        if alone and "/" in inside:
            forms.append(f"../{inside}")
    return rng.choice(forms)
