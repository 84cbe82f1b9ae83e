"""Suppression of a batch's images at once, for a device that works while the host goes on.

`nms.suppress` asks at every turn how many candidates there are, and a GPU would be waited for each time. Here all is of
one size, whatever the values: the best candidates of each image are compared with each other, and what stays is copied
to the host together with whether that was enough. Where it was not, the image goes through `nms.suppress` after all.

What stays is the same but for arithmetic: overlaps are taken in float32 here, in float64 there, so a box may differ
whose overlap is within some 1e-6 of the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from forgetbench.evaluate.nms import MAX_CANDIDATES, suppress

#: Candidates of an image that are compared with each other, at least.
LOOK = 2048
#: Longest chains, of boxes that would each drop the next, that are followed.
ROUNDS = 12
#: Most pairs of boxes held at once, eight bytes and more each.
MOST_PAIRS = 2**25


@dataclass(frozen=True)
class _Candidates:
    """The best candidates of each image by falling score, of n images k each.

    Attributes:
        boxes: (n, k, 4) xyxy in canvas pixels.
        scores, labels: (n, k).
        valid: (n, k), whether there is such a candidate.
        complete: (n,), whether the image has no others.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    valid: Tensor
    complete: Tensor


def suppress_together(output: Tensor, *, conf: float, iou: float, max_det: int) -> list[Tensor]:
    """Turn one-to-many output into detections, waiting for its device once unless an image has very many candidates.

    Args:
        output: (B, 4 + classes, anchors), xywh in canvas pixels, then class scores.
        conf: Lowest score kept.
        iou: Boxes of one class overlapping more than this with a better one are dropped.
        max_det: Most detections per image, the highest scores first.

    Returns:
        Per image (n, 6), on the host: xyxy in canvas pixels, score, class; sorted by falling score.
    """
    output = output.float()
    found = _best(output, conf, max(LOOK, 2 * max_det))
    kept, settled = _unsuppressed(found, iou)
    first = (~kept).byte().argsort(dim=1, stable=True)[:, :max_det]  # those that stay come first, in their order
    count = kept.sum(1).clamp(max=max_det)
    rows = torch.cat([found.boxes, found.scores[..., None], found.labels[..., None].float()], dim=2)
    rows = rows.gather(1, first[..., None].expand(-1, -1, 6))
    enough = settled & (found.complete | (count >= max_det))
    host = torch.cat([rows.flatten(1), count[:, None].float(), enough[:, None].float()], dim=1).cpu()
    results = []
    for index, image in enumerate(host.unbind()):
        if image[-1]:
            results.append(image[:-2].view(-1, 6)[: int(image[-2])])
        else:
            results += [one.cpu() for one in suppress(output[index, None], conf=conf, iou=iou, max_det=max_det)]
    return results


def _best(output: Tensor, conf: float, look: int) -> _Candidates:
    classes, anchors = output.shape[1] - 4, output.shape[2]
    look = min(look, MAX_CANDIDATES, classes * anchors)
    scores = output[:, 4:].transpose(1, 2).flatten(1)  # anchor by anchor, the order in which equal scores stay
    scores = torch.where(scores > conf, scores, -1)
    complete = (scores > conf).sum(1) <= look
    best, place = scores.topk(look, dim=1, sorted=False)
    # of equal scores at the edge some may have been left out, so where there are more none of them counts
    counts = complete[:, None] | (best > best.amin(1, keepdim=True))
    place, by_place = place.sort(dim=1)
    best = torch.where(counts, best, -1).gather(1, by_place)
    best, by_score = best.sort(dim=1, descending=True, stable=True)
    place = place.gather(1, by_score)
    anchor = torch.div(place, classes, rounding_mode="floor")
    centre_and_size = output[:, :4].gather(2, anchor[:, None].expand(-1, 4, -1)).transpose(1, 2)
    centre, size = centre_and_size[..., :2], centre_and_size[..., 2:]
    boxes = torch.cat([centre - size / 2, centre + size / 2], dim=2)
    return _Candidates(boxes, best, place - anchor * classes, best > conf, complete)


def _unsuppressed(found: _Candidates, iou: float) -> tuple[Tensor, Tensor]:
    """Return which candidates stay (n, k), and of which images (n,) that is certain.

    A box stays unless a better one that stays drops it. Starting from all boxes, each round is right about one link
    more of every chain of boxes that drop each other; a round that changes nothing is the answer.
    """
    images = max(1, MOST_PAIRS // found.valid.shape[1] ** 2)
    kept, settled = [], []
    for boxes, labels, valid in zip(
        *(torch.split(each, images) for each in (found.boxes, found.labels, found.valid)), strict=True
    ):
        drops = (_overlaps(boxes) > iou) & (labels[:, :, None] == labels[:, None, :])
        drops = drops.triu_(1).float()
        stays = before = valid
        for _ in range(ROUNDS):
            dropped = torch.bmm(stays[:, None].float(), drops)[:, 0] > 0
            stays, before = valid & ~dropped, stays
        kept.append(stays)
        settled.append((stays == before).all(1))
    return torch.cat(kept), torch.cat(settled)


def _overlaps(boxes: Tensor) -> Tensor:
    """Return the intersection over union of each image's boxes (n, k, 4) with each other, (n, k, k)."""
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    x1, y1, x2, y2 = boxes.unbind(2)
    width = torch.minimum(x2[:, :, None], x2[:, None]) - torch.maximum(x1[:, :, None], x1[:, None])
    shared = torch.minimum(y2[:, :, None], y2[:, None]) - torch.maximum(y1[:, :, None], y1[:, None])
    shared = shared.clamp_(min=0).mul_(width.clamp_(min=0))
    return shared / (area[:, :, None] + area[:, None] - shared)
