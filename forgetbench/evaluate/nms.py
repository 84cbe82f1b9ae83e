"""From a head's output to detections: non-maximum suppression without a time limit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
from importlib.util import find_spec
from typing import cast

import torch
from torch import Tensor

#: Most candidates per image that enter suppression, the highest scores first; Ultralytics' limit.
MAX_CANDIDATES = 30_000
#: Candidates compared at a time.
LOOK = 512
#: What torchvision calls the library of its operators, newer releases first.
_LIBRARIES = ("_C_stable", "_C")


def suppress(output: Tensor, *, conf: float, iou: float, max_det: int) -> list[Tensor]:
    """Turn one-to-many output into detections, each anchor giving one box per class above `conf`.

    Args:
        output: (B, 4 + classes, anchors), xywh in canvas pixels, then class scores.
        conf: Lowest score kept.
        iou: Boxes of one class overlapping more than this with a better one are dropped.
        max_det: Most detections per image, the highest scores first.

    Returns:
        Per image (n, 6): xyxy in canvas pixels, score, class; sorted by falling score.
    """
    results = []
    for image in output.float():
        scores = image[4:]
        above = scores.amax(0) > conf
        centre, size, scores = image[:2, above].T, image[2:4, above].T, scores[:, above].T
        boxes = torch.cat([centre - size / 2, centre + size / 2], dim=1)
        anchor, label = torch.where(scores > conf)
        kept_scores = scores[anchor, label]
        best = kept_scores.argsort(descending=True, stable=True)[:MAX_CANDIDATES]
        anchor, label, kept_scores = anchor[best], label[best], kept_scores[best]
        keep = unsuppressed(boxes[anchor], kept_scores, label, iou, max_det)
        found = [boxes[anchor[keep]], kept_scores[keep, None], label[keep, None].float()]
        results.append(torch.cat(found, dim=1))
    return results


def unsuppressed(boxes: Tensor, scores: Tensor, label: Tensor, iou: float, max_det: int) -> Tensor:
    """Return the positions of the first `max_det` boxes that stay; boxes (n, 4) are sorted by falling score.

    Whether a box stays depends on better ones alone, so candidates are compared a few hundred at a time with those that
    stayed, until the limit is full: the thousands that `conf` 0.001 lets through below are not looked at. Classes are
    kept apart by moving each to a place of its own, in float64, where that costs no accuracy.
    """
    kept = torch.zeros(0, dtype=torch.int64, device=boxes.device)
    if not len(boxes):
        return kept
    apart = boxes.double()
    apart = apart + label[:, None] * (apart.max() - apart.min() + 1)
    for start in range(0, len(boxes), LOOK):
        looked_at = torch.arange(start, min(start + LOOK, len(boxes)), device=boxes.device)
        among = torch.cat([kept, looked_at])
        kept = among[_operator()(apart[among], scores[among].double(), iou)]
        if len(kept) >= max_det:
            break
    return kept[:max_det]


def select(output: Tensor, *, conf: float, max_det: int) -> list[Tensor]:
    """Turn one-to-one output (B, n, 6), already xyxy with score and class, into detections above `conf`."""
    return [image[image[:, 4] > conf][:max_det].float() for image in output]


@cache
def _operator() -> Callable[[Tensor, Tensor, float], Tensor]:
    """Return torchvision's operator, out of its library alone: to import the package takes longer than PyTorch itself.

    A library that is loaded stays the one it is when torchvision is imported before or after.
    """
    package = find_spec("torchvision")
    for folder in (package and package.submodule_search_locations) or ():
        finder = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES))
        for library in filter(None, map(finder.find_spec, _LIBRARIES)):
            try:
                torch.ops.load_library(library.origin)  # type: ignore[no-untyped-call]
            except OSError:  # it needs what only the package knows how to find
                continue
            if hasattr(torch.ops.torchvision, "nms"):
                return cast(Callable[[Tensor, Tensor, float], Tensor], torch.ops.torchvision.nms)
    from torchvision.ops import nms

    return cast(Callable[[Tensor, Tensor, float], Tensor], nms)
