"""Whether images and batches fit the model, checked before anything is computed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from forgetbench.errors import SuiteError
from forgetbench.model import yolo
from forgetbench.model.original import Original
from forgetbench.suite.train_section import Train
from forgetbench.train.image_sides import smallest_side, stride_of
from forgetbench.train.recipe import Recipe


def check_side(original: Original, imgsz: int, where: str) -> None:
    """Check that a model can take square images of a size.

    Raises:
        SuiteError: their side is not a whole number of its largest stride.
    """
    stride = stride_of(original)
    if imgsz % stride:
        raise SuiteError(
            f"images do not fit {original.name}",
            where=where,
            expected=f"a multiple of its largest stride, {stride}",
            found=imgsz,
        )


def check_batches(original: Original, recipes: Iterable[Recipe], images: int, train: Train, where: str) -> None:
    """Check that images fit the model's strides and that no batch leaves a trained BatchNorm layer a single value.

    In training BatchNorm needs two values per channel. A batch of one image has one where a layer's map is 1 x 1.

    Args:
        original: The model.
        recipes: What trains, and when.
        images: Number of training images.
        train: The training section, which says the size of images and batches.
        where: Its name in the suite.

    Raises:
        SuiteError: images do not fit, or a batch of one image would stop training.
    """
    check_side(original, train.imgsz, f"{where}.imgsz")
    stride = stride_of(original)
    if images % train.batch != 1 and train.batch != 1:
        return
    side = smallest_side(train, stride)
    single = {name for name, places in yolo.norm_positions(original.model, side).items() if places == 1}
    statistics = {f"{name}.running_mean" for name in single}
    if not any(statistics & recipe.ever_trained for recipe in recipes):
        return
    sizes = itertools.count(train.imgsz + stride, stride)
    larger = next(size for size in sizes if smallest_side(train.model_copy(update={"imgsz": size}), stride) > side)
    fits = next((batch for batch in range(train.batch + 1, images + 1) if images % batch != 1), None)
    raise SuiteError(
        "a batch of one image cannot be trained on",
        where=f"{where}.batch",
        expected=f"two images or more in every batch where the deepest map is 1 x 1, as at {side} px",
        found="batches of one"
        if train.batch == 1
        else f"{images} images in batches of {train.batch}: one is left over",
        fix=f"Set {where}.imgsz to {larger}" + (f", or {where}.batch to {fits}." if fits else ", or give more images."),
    )
