"""Choosing the images that are trained and evaluated on: named splits, the usual ones, or a seeded split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forgetbench.data.cards.card import ALL
from forgetbench.data.images.shared import alike
from forgetbench.data.reading.source import Listed, Source, known_splits
from forgetbench.data.split import seeded_split
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data, Split

TRAIN_SPLITS = ("train",)
EVALUATE_SPLITS = ("val", "valid", "validation", "test")
_SPLIT_HINT = "Add 'split: {{seed: 0, evaluate: 0.2}}' to this data in the suite, or name a part with '{}'."


@dataclass(frozen=True)
class Choice:
    """Images chosen for one purpose, and what the split is called (several splits' names are joined by `+`)."""

    split: str
    images: list[Listed]


def choose(spec: Data, source: Source, *, required: bool, needs_train: bool) -> tuple[Choice | None, Choice]:
    """Return what to train on, if anything, and what to evaluate on.

    Args:
        spec: The section.
        source: The data.
        required: Whether a split to train on has to be there.
        needs_train: Whether one is wanted.

    Raises:
        DataError: there is no such split, or there are too few images to split.
    """
    if spec.split is not None:
        if spec.train is not None or spec.evaluate is not None:
            raise DataError(
                "'split' and named parts exclude each other",
                where=source.root,
                expected="one of them",
                fix="Keep 'split', or 'train' and 'evaluate'.",
            )
        train, evaluate = _random_split(source, spec.split)
        return (train if needs_train else None), evaluate
    evaluate_splits = spec.splits("evaluate") or usual_split(source, EVALUATE_SPLITS)
    train_splits = (spec.splits("train") or usual_split(source, TRAIN_SPLITS)) if needs_train else ()
    if not evaluate_splits and not required and len(source.split_names) == 1:
        evaluate_splits = source.split_names
    missing = "evaluate" if not evaluate_splits else "train" if required and not train_splits else None
    if missing:
        expected = f"a part named {' or '.join(EVALUATE_SPLITS if missing == 'evaluate' else TRAIN_SPLITS)}"
        found = known_splits(source) or "one part without a name"
        fix = _SPLIT_HINT.format(missing)
        raise DataError(f"no part to {missing} on", where=source.root, expected=expected, found=found, fix=fix)
    return (_listed(source, train_splits) if train_splits else None), _listed(source, evaluate_splits)


def _listed(source: Source, splits: tuple[str, ...]) -> Choice:
    return Choice("+".join(splits) or "all", source.images_of(splits))


def usual_split(source: Source, usual: Sequence[str]) -> tuple[str, ...]:
    """Return the first of the usual splits that the data have, or nothing: in any case, `training`, `val2017`."""
    for wanted in usual:
        for split in (wanted, *source.split_names):
            if split in source.split_names and re.fullmatch(rf"{wanted}(ing)?(\d{{4}})?", split, re.IGNORECASE):
                return (split,)
    return ()


def _random_split(source: Source, split: Split) -> tuple[Choice, Choice]:
    """Split the images of all splits taken together."""
    found = {listed.image: listed for split in source.split_names for listed in source.images(split)}
    everything = sorted(source.one_record_a_file(list(found.values()))[0], key=lambda listed: listed.name)
    if len(everything) < 2:
        raise DataError(
            "too few images to split",
            where=source.root,
            expected="two or more",
            found=f"{len(everything)}{source.report.reason()}",
            fix="Check the path and the format, or add images.",
        )
    first = alike(listed.image for listed in everything)
    names = {listed.image: listed.name for listed in everything}
    held = seeded_split(list(names.values()), split, [names[first[image]] for image in names])
    return (
        Choice("train", [listed for listed, out in zip(everything, held, strict=True) if not out]),
        Choice("evaluate", [listed for listed, out in zip(everything, held, strict=True) if out]),
    )


def limited(spec: Data, choice: Choice) -> tuple[Choice, str | None]:
    """Return the images that the section's limit leaves, and what they are a subset of."""
    if spec.limit is None or spec.limit >= len(choice.images):
        return choice, None
    kept = sorted(choice.images, key=lambda listed: listed.name)[: spec.limit]
    return replace(choice, images=kept), f"the first {len(kept)} of {len(choice.images):,} images, by file name"


def image_counts(spec: Data, train: Choice | None, evaluate: Choice) -> dict[str, int]:
    """Return the images listed by split; of a seeded split those of both sides, if both are there."""
    if spec.split is None:
        return {choice.split: len(choice.images) for choice in (train, evaluate) if choice is not None}
    return {} if train is None else {ALL: len(train.images) + len(evaluate.images)}
