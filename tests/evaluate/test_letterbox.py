from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.factories import drawn_dataset
from support.files_changed import another_image, overwrite

from forgetbench.errors import DataError
from forgetbench.evaluate.letterbox import PADDING, batches, letterboxed, plan_letterbox


@pytest.mark.parametrize(
    ("width", "height", "shape", "canvas", "resized", "offset"),
    [
        (640, 480, "rect", (512, 672), (480, 640), (16, 16)),
        (640, 480, "square", (640, 640), (480, 640), (80, 0)),
        (1280, 960, "rect", (512, 672), (480, 640), (16, 16)),
        (500, 375, "square", (640, 640), (480, 640), (80, 0)),
        (427, 640, "rect", (672, 448), (640, 427), (16, 10)),
    ],
)
def test_placement(
    width: int,
    height: int,
    shape: str,
    canvas: tuple[int, int],
    resized: tuple[int, int],
    offset: tuple[int, int],
) -> None:
    plan = plan_letterbox(width, height, 640, 32, shape)  # type: ignore[arg-type]
    assert (plan.canvas, plan.resized, plan.offset) == (canvas, resized, offset)


def test_boxes_go_back_to_original_pixels_and_are_clipped() -> None:
    plan = plan_letterbox(1280, 960, 640, 32, "square")
    boxes = torch.tensor([[0.0, 80.0, 640.0, 560.0], [-10.0, 0.0, 320.0, 320.0]])
    assert plan.to_original(boxes).tolist() == [[0, 0, 1280, 960], [0, 0, 640, 480]]


def test_pixels_are_rgb_centred_and_padded_with_grey(tmp_path: Path) -> None:
    sample = drawn_dataset(tmp_path, count=1).samples[0]  # 64 x 48, blue rectangle in BGR (250, 60, 60)
    plan = plan_letterbox(64, 48, 64, 32, "square")
    image = letterboxed(sample, plan)
    assert image.shape == (64, 64, 3)
    assert (image[:8] == PADDING).all()
    assert (image[56:] == PADDING).all()
    x1, y1 = (int(v) for v in sample.boxes[0][:2])
    assert image[y1 + 8, x1].tolist() == [60, 60, 250]


def test_every_image_once_grouped_by_canvas(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=7)
    made = list(batches(dataset.samples, imgsz=64, stride=32, shape="rect", batch=2))
    assert sorted(index for batch in made for index in batch.indices) == list(range(7))
    assert [batch.indices for batch in made] == [(0, 2), (4, 6), (1, 3), (5,)]
    for batch in made:
        assert batch.pixels.dtype == torch.uint8
        assert {box.canvas for box in batch.letterboxes} == {tuple(batch.pixels.shape[2:])}


def test_pixels_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    samples = drawn_dataset(tmp_path, count=4).samples
    alone = {b.indices[0]: b.pixels[0] for b in batches(samples, imgsz=64, stride=32, shape="rect", batch=1)}
    for batch in batches(samples, imgsz=64, stride=32, shape="rect", batch=4):
        for index, pixels in zip(batch.indices, batch.pixels, strict=True):
            assert torch.equal(pixels, alone[index])


def test_an_image_that_went_bad_is_named(tmp_path: Path) -> None:
    sample = drawn_dataset(tmp_path, count=1).samples[0]
    with pytest.raises(DataError, match=r"000\.png: is not decoded to the size that was measured; expected \(48, 10\)"):
        letterboxed(replace(sample, width=10), plan_letterbox(10, 48, 64, 32, "rect"))
    sample.image.write_bytes(b"junk")
    with pytest.raises(DataError, match=r"000\.png: changed since the data were read"):
        list(batches([sample], imgsz=64, stride=32, shape="rect", batch=1))


@pytest.mark.parametrize("threads", [1, 2])
def test_an_image_overwritten_while_a_pass_runs_is_never_decoded(tmp_path: Path, threads: int) -> None:
    samples = drawn_dataset(tmp_path, count=12, sizes=((64, 64),)).samples
    made = batches(samples, imgsz=64, stride=32, shape="rect", batch=2, threads=threads)
    assert next(made).indices == (0, 1)
    image = samples[10].image
    overwrite(image, another_image(image))
    with pytest.raises(DataError, match=r"010\.png: changed since the data were read; .*Put the file back"):
        list(made)
    overwrite(samples[0].image, another_image(samples[0].image))
    with pytest.raises(DataError, match=r"000\.png: changed since"):
        next(batches(samples, imgsz=64, stride=32, shape="rect", batch=2))
