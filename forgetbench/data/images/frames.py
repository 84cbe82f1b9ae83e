"""In which frame of an image its boxes are given: concluded from the whole dataset, never from one image alone.

COCO and VOC say beside the boxes how large the image is. Where that is not what decoding gives, the boxes of a single
image tell little; those of the dataset do. Two conclusions are drawn:

- Images that EXIF turns, described as they are stored: the tool did not turn them, and boxes are turned with the image.
  Where no size is stated, boxes that lie beyond the image but within the stored one tell the same.
- Images resized after they were labelled: all by one factor, or each by its own with boxes that lie beyond the image
  but within the size stated. Boxes are scaled.

Boxes of all other images are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from forgetbench.data.clean import BOXES_MOVED, IMAGE_SIZE_MISMATCH, RawBox
from forgetbench.data.dataset import OddityReport
from forgetbench.data.images.measure import MeasuredImage
from forgetbench.errors import counted

Size = tuple[float, float]
Move = Callable[[RawBox], RawBox]
#: Pixels that a side may differ by from what a factor makes of it: tools round as they please.
_ROUNDING = 1.0


def stated_size(width: object, height: object) -> Size | None:
    """Return the size that annotations state, however its numbers are written; None where they cannot be one."""
    sides = _side(width), _side(height)
    return None if sides[0] is None or sides[1] is None else (sides[0], sides[1])


def _side(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        side = float(value)
    except (ValueError, OverflowError):
        return None
    return side if 0 < side < math.inf else None


@dataclass(frozen=True)
class Frame:
    """What is known of one image and the frame of its boxes.

    Attributes:
        name: What reports call the image.
        measured: The image.
        stated: (width, height) that its annotations say, if they say any.
        reach: (x, y) in pixels that its boxes reach to the right and downwards; None without boxes.
    """

    name: str
    measured: MeasuredImage
    stated: Size | None = None
    reach: Size | None = None

    @property
    def factors(self) -> Size | None:
        """What the stated size has to be multiplied by, on each axis; None where no size is stated."""
        if self.stated is None:
            return None
        (width, height), (stated_width, stated_height) = self.measured.size, self.stated
        return width / stated_width, height / stated_height

    @property
    def differs(self) -> bool:
        """Tell whether another size is stated than measured."""
        return self.stated is not None and self.stated != self.measured.size

    @property
    def is_sideways(self) -> bool:
        """Tell whether EXIF turns a wide image into a high one, or the other way round."""
        return self.measured.orientation >= 5 and self.measured.size != self.measured.stored

    @property
    def is_as_stored(self) -> bool:
        """Tell whether the stated size is that of the image before EXIF turns it."""
        return self.is_sideways and self.stated == self.measured.stored


def moves(frames: Sequence[Frame], report: OddityReport) -> list[Move | None]:
    """Return how each image's boxes get into the frame of its decoded pixels; None for as they are.

    Args:
        frames: All images of the dataset that are used.
        report: Told of each conclusion once, and of each image whose boxes are taken as they are in spite of its size.
    """
    found: list[Move | None] = [None] * len(frames)
    frames = _with_proven_sizes(frames)
    sideways = [frame for frame in frames if frame.is_sideways and frame.stated is not None]
    ignored = [frame for frame in sideways if frame.is_as_stored]
    turned = [
        index
        for index, frame in enumerate(frames)
        # An image that keeps its size when turned tells nothing: it goes with the others.
        if frame.is_as_stored
        or (frame.measured.orientation != 1 and not frame.is_sideways and sideways and len(ignored) == len(sideways))
    ]
    for index in turned:
        found[index] = _turning(frames[index].measured)
    if turned:
        first = frames[turned[0]]
        few = counted(len(turned), "image", "images")
        detail = f"boxes of {few} are given as if there were no EXIF to turn them: turned alike"
        report.add(BOXES_MOVED, first.name, detail)
    _tell_of_doubt([f for i, f in enumerate(frames) if f.measured.orientation != 1 and found[i] is None], report)
    rest = [index for index, frame in enumerate(frames) if found[index] is None and frame.differs]
    if rest and _are_scaled([frame for index, frame in enumerate(frames) if found[index] is None]):
        for index in rest:
            found[index] = _scaling(frames[index])
        report.add(BOXES_MOVED, frames[rest[0]].name, _scaled_text([frames[index] for index in rest]))
        return found
    for index in rest:
        report.add(IMAGE_SIZE_MISMATCH, frames[index].name, _mismatch(frames[index]))
    return found


def _with_proven_sizes(frames: Sequence[Frame]) -> list[Frame]:
    """Return frames; where no size is stated of any that EXIF turns, their boxes may prove it to be that stored."""
    sideways = [frame for frame in frames if frame.is_sideways]
    reaching = [frame for frame in sideways if frame.reach is not None]
    beyond = [frame for frame in reaching if _is_beyond(frame.reach or (0, 0), frame.measured.size)]
    outside = [frame for frame in reaching if _is_beyond(frame.reach or (0, 0), frame.measured.stored)]
    if any(frame.stated is not None for frame in sideways) or len(beyond) < 2 or outside:
        return list(frames)
    return [replace(frame, stated=frame.measured.stored) if frame.is_sideways else frame for frame in frames]


def _are_scaled(frames: Sequence[Frame]) -> bool:
    """Tell whether images were resized after they were labelled."""
    stated = [frame for frame in frames if frame.stated is not None]
    differing = [frame for frame in stated if frame.differs]
    if any(map(_fits_only_turned, differing)):
        return False  # width and height mixed up, or turned and resized
    if len(differing) == len(stated) and _fits_all(_common_factors(stated), stated):
        across, down = _common_factors(stated)
        return len(stated) > 1 or _keeps_shape(stated[0]) or across == down
    beyond = [frame for frame in differing if frame.reach and _is_beyond(frame.reach, frame.measured.size)]
    outside = [frame for frame in differing if frame.reach and _is_beyond(frame.reach, frame.stated or (0, 0))]
    likely = all(map(_keeps_shape, differing)) or len({frame.measured.size for frame in differing}) == 1
    return len(beyond) > 1 and not outside and likely


def _common_factors(frames: Sequence[Frame]) -> Size:
    """Return the factors of the largest image: rounding changes them least."""
    largest = max(frames, key=lambda frame: min(frame.measured.size))
    assert largest.factors is not None
    return largest.factors


def _fits_all(factors: Size, frames: Sequence[Frame]) -> bool:
    return all(
        abs(stated * factor - measured) <= _ROUNDING
        for frame in frames
        for stated, factor, measured in zip(frame.stated or (), factors, frame.measured.size, strict=True)
    )


def _keeps_shape(frame: Frame) -> bool:
    assert frame.factors is not None
    across, down = frame.factors
    return any(_fits_all((factor, factor), [frame]) for factor in (across, down))


def _fits_only_turned(frame: Frame) -> bool:
    assert frame.stated is not None
    return not _keeps_shape(frame) and _keeps_shape(replace(frame, stated=frame.stated[::-1]))


def _is_beyond(reach: Size, size: Size) -> bool:
    return any(far > side + _ROUNDING for far, side in zip(reach, size, strict=True))


def _turning(measured: MeasuredImage) -> Move:
    """Return what EXIF's orientation does to a box in an image of the stored size."""
    width, height = measured.stored
    flip_x, flip_y = measured.orientation in (2, 3, 7, 8), measured.orientation in (3, 4, 6, 7)

    def turn(box: RawBox) -> RawBox:
        x1, y1, x2, y2 = box.corners
        if flip_x:
            x1, x2 = width - x2, width - x1
        if flip_y:
            y1, y2 = height - y2, height - y1
        return replace(box, corners=(y1, x1, y2, x2) if measured.orientation >= 5 else (x1, y1, x2, y2))

    return turn


def _scaling(frame: Frame) -> Move:
    assert frame.factors is not None
    across, down = frame.factors

    def scale(box: RawBox) -> RawBox:
        x1, y1, x2, y2 = box.corners
        area = None if box.area is None else box.area * across * down
        return replace(box, corners=(x1 * across, y1 * down, x2 * across, y2 * down), area=area)

    return scale


def _tell_of_doubt(frames: Sequence[Frame], report: OddityReport) -> None:
    """Report images that EXIF turns without changing their size, where nothing says in which frame boxes are."""
    doubtful = [frame for frame in frames if not frame.is_sideways and frame.reach is not None]
    if doubtful:
        few = counted(len(doubtful), "image", "images")
        detail = (
            f"EXIF turns {few} in a way that keeps the size: boxes are taken to be given in the turned image, which "
            "nothing in the data can prove"
        )
        report.add(BOXES_MOVED, doubtful[0].name, detail)


def _scaled_text(frames: Sequence[Frame]) -> str:
    first = frames[0]
    assert first.stated is not None
    across, down = _common_factors(frames)
    one = _fits_all((across, down), frames)
    by = (
        f"by {across:.4g}"
        if one and _keeps_shape(first)
        else f"by {across:.4g} x {down:.4g}"
        if one
        else "each by its own factor"
    )
    few = counted(len(frames), "image was", "images were")
    return f"{few} resized {by} after labelling ({_sizes(first)}): boxes are scaled"


def _mismatch(frame: Frame) -> str:
    return f"{_sizes(frame)}: boxes taken as they are"


def _sizes(frame: Frame) -> str:
    said = "{:g} x {:g}".format(*(frame.stated or ()))
    return f"said to be {said} pixels, it has {frame.measured.size[0]} x {frame.measured.size[1]}"
