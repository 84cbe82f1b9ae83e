"""Choosing the images that are trained and evaluated on: named parts, the usual ones, or a seeded split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forgetbench.data.cards.card import ALL
from forgetbench.data.images.shared import alike
from forgetbench.data.reading.source import Listed, Source, known_parts
from forgetbench.data.split import seeded_split
from forgetbench.errors import DataError
from forgetbench.suite.data_section import Data, Split

TRAIN_PARTS = ("train",)
EVALUATE_PARTS = ("val", "valid", "validation", "test")
_SPLIT_HINT = "Add 'split: {{seed: 0, evaluate: 0.2}}' to this data in the suite, or name a part with '{}'."


@dataclass(frozen=True)
class Choice:
    """Images chosen for one purpose, and what the split is called (several parts' names are joined by `+`)."""

    split: str
    images: list[Listed]


def choose(spec: Data, source: Source, *, required: bool, needs_train: bool) -> tuple[Choice | None, Choice]:
    """Return what to train on, if anything, and what to evaluate on.

    Args:
        spec: The section.
        source: The data.
        required: Whether a part to train on has to be there.
        needs_train: Whether one is wanted.

    Raises:
        DataError: there is no such part, or there are too few images to split.
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
    evaluate_parts = spec.splits("evaluate") or usual_part(source, EVALUATE_PARTS)
    train_parts = (spec.splits("train") or usual_part(source, TRAIN_PARTS)) if needs_train else ()
    if not evaluate_parts and not required and len(source.part_names) == 1:
        evaluate_parts = source.part_names
    missing = "evaluate" if not evaluate_parts else "train" if required and not train_parts else None
    if missing:
        expected = f"a part named {' or '.join(EVALUATE_PARTS if missing == 'evaluate' else TRAIN_PARTS)}"
        found = known_parts(source) or "one part without a name"
        fix = _SPLIT_HINT.format(missing)
        raise DataError(f"no part to {missing} on", where=source.root, expected=expected, found=found, fix=fix)
    return (_listed(source, train_parts) if train_parts else None), _listed(source, evaluate_parts)


def _listed(source: Source, parts: tuple[str, ...]) -> Choice:
    return Choice("+".join(parts) or "all", source.images_of(parts))


def usual_part(source: Source, usual: Sequence[str]) -> tuple[str, ...]:
    """Return the first of the usual parts that the data have, or nothing: in any case, `training`, `val2017`."""
    for wanted in usual:
        for part in (wanted, *source.part_names):
            if part in source.part_names and re.fullmatch(rf"{wanted}(ing)?(\d{{4}})?", part, re.IGNORECASE):
                return (part,)
    return ()


def _random_split(source: Source, split: Split) -> tuple[Choice, Choice]:
    """Split the images of all parts taken together."""
    found = {listed.image: listed for part in source.part_names for listed in source.images(part)}
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
    """Return the images listed by part; of a seeded split those of both sides, if both are there."""
    if spec.split is None:
        return {choice.split: len(choice.images) for choice in (train, evaluate) if choice is not None}
    return {} if train is None else {ALL: len(train.images) + len(evaluate.images)}
