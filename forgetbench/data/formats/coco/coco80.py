"""COCO's 80 classes in the order of their category ids, as COCO-pretrained YOLO heads number them, and their groups."""

from __future__ import annotations

from collections.abc import Sequence

COCO_NAMES: tuple[str, ...] = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip

_SIZES = {
    "person": 1, "vehicle": 8, "outdoor": 5, "animal": 10, "accessory": 5, "sports": 10, "kitchen": 7, "food": 10,
    "furniture": 6, "electronic": 6, "appliance": 5, "indoor": 7,
}  # fmt: skip


def super_categories(classes: Sequence[str]) -> dict[str, str]:
    """Return COCO's super-category of each of its 80 classes; nothing for a dataset that has other classes."""
    if set(classes) != set(COCO_NAMES):
        return {}
    named = (category for category, size in _SIZES.items() for _ in range(size))  # their classes stand together
    return dict(zip(COCO_NAMES, named, strict=True))
