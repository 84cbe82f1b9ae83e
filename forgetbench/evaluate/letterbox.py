"""Images for evaluation: decoded once, letterboxed the same way whatever batch they end up in."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from forgetbench.data.dataset import Sample
from forgetbench.data.images.content import read_image
from forgetbench.errors import DataError
from forgetbench.suite.kinds import Shape

#: Grey that Ultralytics pads with.
PADDING = 114


@dataclass(frozen=True)
class Letterbox:
    """How one image is placed on its canvas.

    Attributes:
        canvas: (height, width) of the padded image.
        resized: (height, width) of the image on it.
        offset: (top, left) of the image on it.
        original: (height, width) before resizing.
    """

    canvas: tuple[int, int]
    resized: tuple[int, int]
    offset: tuple[int, int]
    original: tuple[int, int]

    def to_original(self, boxes: Tensor) -> Tensor:
        """Map xyxy boxes (n, 4) from canvas pixels to pixels of the original image, clipped to it."""
        (height, width), (top, left) = self.original, self.offset
        scale_x, scale_y = width / self.resized[1], height / self.resized[0]
        x = ((boxes[:, 0::2] - left) * scale_x).clamp(0, width)
        y = ((boxes[:, 1::2] - top) * scale_y).clamp(0, height)
        return torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], dim=1)


def plan_letterbox(width: int, height: int, imgsz: int, stride: int, shape: Shape) -> Letterbox:
    """Place an image of a given size: longer side to `imgsz`, centred.

    `rect` uses the smallest canvas of whole strides that Ultralytics' validation would give an image on its own (half a
    stride of slack); `square` uses imgsz x imgsz. Neither depends on other images.
    """
    ratio = imgsz / max(height, width)
    resized = (min(math.ceil(height * ratio), imgsz), min(math.ceil(width * ratio), imgsz))
    if shape == "square":
        canvas = (imgsz, imgsz)
    else:
        sides = (height * ratio / stride, width * ratio / stride)
        canvas = (math.ceil(sides[0] + 0.5) * stride, math.ceil(sides[1] + 0.5) * stride)
    top, left = (round((outer - inner) / 2 - 0.1) for outer, inner in zip(canvas, resized, strict=True))
    return Letterbox(canvas, resized, (top, left), (height, width))


def letterboxed(sample: Sample, plan: Letterbox) -> NDArray[np.uint8]:
    """Decode and place one image; returns (height, width, 3) RGB.

    Raises:
        DataError: the file does not hold what was hashed when the data were read, or is decoded to another size.
    """
    image = cv2.imdecode(np.frombuffer(read_image(sample), np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.shape[:2] != plan.original:
        raise DataError(
            "is not decoded to the size that was measured",
            where=sample.image,
            expected=plan.original,
            found=None if image is None else image.shape[:2],
            fix="Save the image anew, as JPEG or PNG, or remove it.",
        )
    if plan.resized != plan.original:
        image = cv2.resize(image, plan.resized[::-1], interpolation=cv2.INTER_LINEAR)
    canvas = np.full((*plan.canvas, 3), PADDING, dtype=np.uint8)
    (top, left), (height, width) = plan.offset, plan.resized
    canvas[top : top + height, left : left + width] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return canvas


@dataclass(frozen=True)
class ImageBatch:
    """Images of one canvas size.

    Attributes:
        indices: Positions of the images in the dataset.
        pixels: (B, 3, H, W) uint8 RGB, laid out channels last as they were decoded.
        letterboxes: How each was placed.
    """

    indices: tuple[int, ...]
    pixels: Tensor
    letterboxes: tuple[Letterbox, ...]


def batches(
    samples: Sequence[Sample], *, imgsz: int, stride: int, shape: Shape, batch: int, threads: int = 2
) -> Iterator[ImageBatch]:
    """Yield every image once, grouped by canvas size in dataset order, decoding ahead in threads."""
    plans = [plan_letterbox(sample.width, sample.height, imgsz, stride, shape) for sample in samples]
    by_canvas: dict[tuple[int, int], list[int]] = {}
    for index, plan in enumerate(plans):
        by_canvas.setdefault(plan.canvas, []).append(index)
    chunks = [group[i : i + batch] for group in by_canvas.values() for i in range(0, len(group), batch)]
    yield from decoded(samples, plans, chunks, threads)


def decoded(
    samples: Sequence[Sample], plans: Sequence[Letterbox], chunks: Sequence[Sequence[int]], threads: int = 2
) -> Iterator[ImageBatch]:
    """Yield chunks of images of one canvas each, given by their positions, decoding ahead in threads."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[list[Future[NDArray[np.uint8]]]] = deque()
        waiting = iter(chunks)
        try:
            for chunk in chunks:
                while len(ahead) < 2 and (upcoming := next(waiting, None)) is not None:
                    ahead.append([pool.submit(letterboxed, samples[i], plans[i]) for i in upcoming])
                pixels = torch.from_numpy(np.stack([future.result() for future in ahead.popleft()]))
                yield ImageBatch(tuple(chunk), pixels.permute(0, 3, 1, 2), tuple(plans[i] for i in chunk))
        finally:
            for futures in ahead:
                for future in futures:
                    future.cancel()
