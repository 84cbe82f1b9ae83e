"""The shapes world: what is drawn, what is annotated, and how it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
from support.disk import disk_of, disk_with
from support.files_changed import another_image, overwrite

from forgetbench.data.shapes import drawing
from forgetbench.data.shapes import world as shapes
from forgetbench.data.shapes.world import draw_picture, draw_world
from forgetbench.errors import DataError, RunError
from forgetbench.files import cache_folder, sha256_file
from forgetbench.room import BLOCK, RESERVE
from forgetbench.suite.data_section import Data

WORLDS: list[Literal["general", "fine"]] = ["general", "fine"]


def spec(world: Literal["general", "fine"] = "general", **fields: int) -> Data:
    given: dict[str, Any] = {"train_images": 3, "evaluate_images": 2, "size": 64, **fields}
    return Data(format="shapes", world=world, **given)


@pytest.mark.parametrize("world", WORLDS)
def test_boxes_lie_in_the_image_and_none_is_empty(world: Literal["general", "fine"]) -> None:
    pictures = [draw_picture(world, 96, 5, "train", index) for index in range(40)]
    boxes = np.concatenate([picture.boxes for picture in pictures])
    classes = np.concatenate([picture.classes for picture in pictures])
    assert boxes.min() >= 0
    assert boxes.max() <= 96
    assert (boxes[:, 2:] - boxes[:, :2]).min() > 2
    assert {1, shapes.MOST_FIGURES} <= {len(picture.boxes) for picture in pictures}
    assert set(classes.tolist()) == set(range(len(shapes.FIGURES[world])))


def test_box_ends_where_a_later_figure_begins() -> None:
    below = drawing.figure_mask(drawing.GENERAL["square"], 64, (32.0, 32.0), 20.0, np.pi / 4)
    above = np.zeros_like(below)
    above[:, 4 * 30 :] = True
    under, over = shapes.visible([below, above])
    assert drawing.mask_box(under)[2] == 30
    assert (over == above).all()


@pytest.mark.parametrize("world", WORLDS)
def test_pixels_differ_inside_the_boxes(world: Literal["general", "fine"]) -> None:
    """A figure that nobody can see would be annotated but not drawn."""
    for index in range(20):
        picture = draw_picture(world, 128, 1, "train", index)
        for x1, y1, x2, y2 in picture.boxes.round().astype(int):
            assert picture.pixels[y1:y2, x1:x2].reshape(-1, 3).std(axis=0).max() > 5


def test_image_depends_on_seed_world_part_and_index_only() -> None:
    first = draw_picture("general", 64, 0, "train", 7)
    np.random.seed(3)  # noqa: NPY002  (the global generator must not matter)
    again = draw_picture("general", 64, 0, "train", 7)
    assert (first.pixels == again.pixels).all()
    assert (first.boxes == again.boxes).all()
    others = [("fine", 0, "train", 7), ("general", 1, "train", 7), ("general", 0, "evaluate", 7)]
    for world, seed, part, index in [*others, ("general", 0, "train", 8)]:
        assert (draw_picture(world, 64, seed, part, index).pixels != first.pixels).any()  # type: ignore[arg-type]


def test_dataset_holds_the_drawn_images_and_their_boxes() -> None:
    dataset = draw_world(spec("fine"), "evaluate")
    assert (dataset.name, dataset.split, dataset.classes) == ("shapes-fine", "evaluate", tuple(sorted(drawing.FINE)))
    assert [sample.image.name for sample in dataset.samples] == ["000000.png", "000001.png"]
    for index, sample in enumerate(dataset.samples):
        picture = draw_picture("fine", 64, 0, "evaluate", index)
        assert np.array_equal(np.asarray(cv2.imread(str(sample.image))), picture.pixels)
        assert (sample.boxes == picture.boxes).all()
        assert (sample.classes == picture.classes).all()
        assert (sample.width, sample.height, bool(sample.crowd.any())) == (64, 64, False)
        sides = picture.boxes[:, 2:] - picture.boxes[:, :2]
        assert sample.areas == pytest.approx(sides[:, 0] * sides[:, 1])


def test_more_images_do_not_change_the_first_ones() -> None:
    few, many = draw_world(spec(), "train"), draw_world(spec(train_images=5), "train")
    assert (len(few.samples), len(many.samples)) == (3, 5)
    for one, other in zip(few.samples, many.samples, strict=False):
        assert one.image.read_bytes() == other.image.read_bytes()


def test_drawn_images_are_kept_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = draw_world(spec(seed=11), "train")

    def fail(*_: object) -> None:
        raise AssertionError("drawn twice")

    monkeypatch.setattr(shapes, "draw_picture", fail)
    assert draw_world(spec(seed=11), "train").fingerprint() == first.fingerprint()


@pytest.mark.parametrize("damage", ["content", "gone", "cut list", "no hash", "other list"])
def test_drawn_images_that_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path))
    drawn = draw_world(spec(), "train")
    image, kept = drawn.samples[1].image, drawn.root / "annotations.json"
    assert [sample.sha256 for sample in drawn.samples] == [sha256_file(sample.image) for sample in drawn.samples]
    if damage == "content":
        overwrite(image, another_image(image))
    elif damage == "gone":
        image.unlink()
    elif damage == "cut list":
        kept.write_bytes(kept.read_bytes()[:-9])
    elif damage == "no hash":
        kept.write_text(kept.read_text().replace("sha256", "something"))
    else:
        kept.write_text('["000000.png"]')
    with pytest.raises(DataError, match=r"drawn images are damaged.*Delete this folder; it will be drawn again"):
        draw_world(spec(), "train")


def test_killed_drawing_leaves_nothing_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(world: object, size: int, seed: int, part: object, index: int) -> shapes.Picture:
        if index == 2:
            raise KeyboardInterrupt
        return draw_picture("general", size, seed, "train", index)

    monkeypatch.setattr(shapes, "draw_picture", killed)
    with pytest.raises(KeyboardInterrupt):
        draw_world(spec(seed=12), "train")
    monkeypatch.setattr(shapes, "draw_picture", draw_picture)
    assert len(draw_world(spec(seed=12), "train").samples) == 3


def test_new_version_is_drawn_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    old = draw_world(spec(), "train").root
    monkeypatch.setattr(shapes, "VERSION", shapes.VERSION + 1)
    assert draw_world(spec(), "train").root != old


def test_damaged_cache_says_what_to_delete() -> None:
    root = draw_world(spec(seed=13), "train").root
    assert root.parent == cache_folder() / "shapes"
    (root / "000001.png").unlink()
    with pytest.raises(DataError, match=r"000001\.png.*Delete this folder"):
        draw_world(spec(seed=13), "train")
    (root / "annotations.json").write_text("[{", encoding="utf-8")
    with pytest.raises(DataError, match="Delete this folder"):
        draw_world(spec(seed=13), "train")


def test_without_room_nothing_half_drawn_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(_: Path) -> int:
        drawn = (cache_folder() / "shapes").glob(".*/*.png")
        return RESERVE + 2 * BLOCK - sum(BLOCK for _ in drawn)

    disk_of(monkeypatch, left)
    with pytest.raises(RunError, match=r"shapes/.* not enough room on the disk; .* for the images that are drawn"):
        draw_world(spec(seed=13, size=32), "train")
    assert list((cache_folder() / "shapes").glob(".*")) == []
    disk_with(monkeypatch, RESERVE + 10**6)
    assert len(draw_world(spec(seed=13, size=32), "train").samples) == 3
