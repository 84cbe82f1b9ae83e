"""What a suite may say of its target and reference data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from forgetbench.suite.bounds import LARGEST_SEED, MOST_CLASSES, MOST_DRAWN, MOST_NAMED, NameText, PathText, SignedSeed
from forgetbench.suite.kinds import PlainName, Section, listed_once


class Split(Section):
    """A seeded random split, for data that brings no list of its own."""

    seed: SignedSeed = 0
    evaluate: Annotated[float, Field(gt=0, lt=1)] = Field(0.2, description="share of images kept for evaluation")


#: Name of one split, or of several whose images are taken together.
Parts = PathText | Annotated[list[PathText], Field(min_length=1, max_length=MOST_NAMED)]
ClassByName = Annotated[
    dict[NameText, NameText],
    Field(min_length=1, max_length=MOST_NAMED),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string", "minLength": 1},
            "$comment": "a mapping from how file names begin to class names",
        }
    ),
]
#: What a class is called: a name that people can read.
ClassName = NameText
#: Keys that only one format has a use for.
_FORMAT_OF_KEY = {
    "images": "coco",
    "annotations": "coco",
    "difficult": "voc",
    "counts_from": "voc",
    "class_by_name": "yolo",
    "classes_from": "yolo",
    "world": "shapes",
}


class Data(Section):
    """Where a dataset is, how it is laid out, and which of its parts are used."""

    card: PlainName | None = Field(
        None,
        description="name of a card that says all this; whatever else stands here goes before what the card says",
    )
    path: PathText | None = Field(
        None,
        description="folder of the data; if relative, looked for beside the suite, in the current folder, under "
        "FORGETBENCH_DATA and under FORGETBENCH_ASSETS, in that order",
    )
    format: Literal["yolo", "coco", "voc", "labelme", "shapes"] | None = Field(
        None, description="not needed where a card is named"
    )
    train: Parts | None = Field(None, description="name of the training split, or several (default: train)")
    evaluate: Parts | None = Field(
        None, description="name of the evaluation split, or several (default: val, valid, validation or test)"
    )
    split: Split | None = Field(None, description="seeded split, where the data has none")
    names: Annotated[list[ClassName], Field(max_length=MOST_CLASSES)] | Literal["coco"] | None = Field(
        None, description="class names, where the data names none"
    )
    images: PathText | None = Field(None, description="COCO format: folder of images, relative to path")
    annotations: PathText | None = Field(None, description="COCO format: instances JSON, relative to path")
    difficult: Literal["keep", "drop"] = Field(
        "keep", description="VOC format: what becomes of objects marked difficult"
    )
    counts_from: Literal[0, 1] | None = Field(
        None,
        description="VOC format: number of the first pixel (default: 0 where any box begins before 1, else 1)",
    )
    class_by_name: ClassByName | None = Field(
        None, description="YOLO format: class of all boxes of an image by how its file name begins"
    )
    classes_from: Literal[0, 1] | None = Field(
        None, description="YOLO format: number of the first class in label files (default: 0, which is checked)"
    )
    limit: Annotated[int, Field(gt=0, le=LARGEST_SEED)] | None = Field(
        None, description="use the first N images, sorted by name"
    )
    world: Literal["general", "fine"] | None = Field(None, description="shapes format: which drawn world")
    size: Annotated[int, Field(ge=32, le=1024)] = Field(128, description="shapes format: image side in pixels")
    train_images: Annotated[int, Field(gt=0, le=MOST_DRAWN)] = Field(
        400, description="shapes format: training images drawn"
    )
    evaluate_images: Annotated[int, Field(gt=0, le=MOST_DRAWN)] = Field(
        100, description="shapes format: evaluation images drawn"
    )
    seed: SignedSeed = Field(0, description="shapes format: seed of the drawn images")

    @model_validator(mode="after")
    def _fields_fit_format(self) -> Data:
        if self.card is not None:
            if self.format == "shapes":
                raise ValueError("'card' and format 'shapes' exclude each other")
            return self  # the rest is checked together with what the card says
        if self.format is None:
            raise ValueError("needs 'format' (yolo, coco, voc, labelme or shapes) or 'card'")
        if self.format == "shapes":
            if self.world is None:
                raise ValueError("format 'shapes' needs 'world': general or fine")
        elif not self.path:
            raise ValueError(f"format '{self.format}' needs 'path'")
        for key, owner in _FORMAT_OF_KEY.items():
            if self.format != owner and getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"'{key}' belongs to format '{owner}'")
        if self.names is not None and self.class_by_name is not None:
            raise ValueError("'names' and 'class_by_name' both name the classes: keep one")
        return self

    @field_validator("train", "evaluate")
    @classmethod
    def _no_part_twice(cls, parts: str | list[str] | None) -> str | list[str] | None:
        return listed_once(parts) if isinstance(parts, list) else parts

    def parts(self, purpose: Literal["train", "evaluate"]) -> tuple[str, ...]:
        """Return the names of the splits to use for a purpose; empty where the section leaves it to the usual ones."""
        named = self.train if purpose == "train" else self.evaluate
        return (named,) if isinstance(named, str) else tuple(named or ())
