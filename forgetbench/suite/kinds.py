"""Kinds of values in a suite, and the base of its sections."""

from __future__ import annotations

from math import inf
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from forgetbench.errors import brief, nearest, shortened
from forgetbench.suite.bounds import MOST_EPOCHS
from forgetbench.suite.points import (
    ATTACH_PATTERN,
    ATTACH_WORDS,
    FREEZE_PATTERN,
    FREEZE_WORDS,
    LISTED_PATTERN,
    LISTED_WORDS,
    attach_point_problem,
    freeze_point_problem,
    listed_attach_point_problem,
)

OPTIMIZERS = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "MuSGD")
#: Augmentation keys that Ultralytics' training takes; their meaning and ranges are Ultralytics'.
AUGMENTATION_KEYS = (
    "hsv_h", "hsv_s", "hsv_v", "degrees", "translate", "scale", "shear", "perspective", "flipud", "fliplr", "bgr",
    "mosaic", "close_mosaic", "mixup", "cutmix", "copy_paste", "copy_paste_mode", "auto_augment", "erasing",
    "multi_scale",
)  # fmt: skip
#: Those of them that take a word; all others take a number.
AUGMENTATION_WORD_KEYS = ("copy_paste_mode", "auto_augment")
#: What the others take beside shares from 0 to 1, which Ultralytics refuses to go beyond.
AUGMENTATION_RANGES = {
    "degrees": (-360, 360),
    "shear": (-89, 89),
    "scale": (0, 10),
    "close_mosaic": (0, MOST_EPOCHS),
    "multi_scale": (0, 0.9),
}


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> ValueError:
    near = nearest(name, known)
    hint = f", did you mean '{near}'?" if near else ""
    return ValueError(f"unknown {kind} {brief(name)}; expected one of {', '.join(known)}{hint}")


def _known_optimizer(name: str) -> str:
    if name.lower() == "auto":
        raise ValueError(
            "'auto' is refused: it ignores lr0 and picks optimizer and rate by iterations and class count, so arms "
            f"would differ for hidden reasons; expected one of {', '.join(OPTIMIZERS)}"
        )
    for known in OPTIMIZERS:
        if known.lower() == name.lower():
            return known
    raise _unknown("optimizer", name, OPTIMIZERS)


def _known_augmentation(augment: dict[str, Any]) -> dict[str, Any]:
    for key, value in augment.items():
        if key not in AUGMENTATION_KEYS:
            raise _unknown("augmentation", key, AUGMENTATION_KEYS)
        if key in AUGMENTATION_WORD_KEYS:
            if not isinstance(value, str | None):
                raise ValueError(f"'{key}' expected text, found {brief(value)}")
            if key == "copy_paste_mode" and value not in (None, "flip", "mixup"):
                raise ValueError(f"'{key}' expected flip or mixup, found {brief(value)}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < inf:
            raise ValueError(f"'{key}' expected a number, found {brief(value)}")
        else:
            least, most = AUGMENTATION_RANGES.get(key, (0, 1))
            if key == "close_mosaic" and not isinstance(value, int):
                raise ValueError(f"'{key}' expected a whole number, found {brief(value)}")
            if not least <= value <= most:
                raise ValueError(f"'{key}' expected a number from {least} to {most}, found {brief(value)}")
    return augment


def _possible_freeze_point(point: int | str) -> int | str:
    problem = freeze_point_problem(point)
    if problem is not None:
        raise ValueError(problem)
    return point


def _possible_attach_point(point: int | str) -> int | str:
    problem = attach_point_problem(point)
    if problem is not None:
        raise ValueError(problem)
    return point


def _possible_listed_attach_point(point: int | str) -> int | str:
    problem = listed_attach_point_problem(point)
    if problem is not None:
        raise ValueError(problem)
    return point


def listed_once(values: list[Any]) -> list[Any]:
    """Return the values if none is there twice.

    Raises:
        ValueError: one is.
    """
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"'{shortened(str(value), 80)}' is listed twice")
        seen.add(value)
    return values


def _point_schema(pattern: str, words: str) -> WithJsonSchema:
    # "$comment" is what error messages say was expected.
    kinds = [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^({pattern})$"}]
    return WithJsonSchema({"anyOf": kinds, "$comment": words})


FreezePoint = Annotated[int | str, AfterValidator(_possible_freeze_point), _point_schema(FREEZE_PATTERN, FREEZE_WORDS)]
AttachPoint = Annotated[int | str, AfterValidator(_possible_attach_point), _point_schema(ATTACH_PATTERN, ATTACH_WORDS)]
#: An entry of a suite's attach points, `all` among them.
ListedAttachPoint = Annotated[
    int | str, AfterValidator(_possible_listed_attach_point), _point_schema(LISTED_PATTERN, LISTED_WORDS)
]
Optimizer = Annotated[
    str, AfterValidator(_known_optimizer), WithJsonSchema({"type": "string", "enum": list(OPTIMIZERS)})
]
Augment = Annotated[
    dict[str, Any],
    AfterValidator(_known_augmentation),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: {"type": ["string", "null"]} if key in AUGMENTATION_WORD_KEYS else {"type": "number"}
                for key in AUGMENTATION_KEYS
            },
        }
    ),
]
#: Which of a head's stacks gives detections.
HeadMode = Literal["one-to-one", "one-to-many"]
#: The canvas that images are put on.
Shape = Literal["rect", "square"]
#: A name that is safe as part of a file's.
PlainName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=64,
        json_schema_extra={"$comment": "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"},
    ),
]
#: Ultralytics refuses rates and decays above 1.
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A mapping of a suite: keys are those declared, values are of the kind declared."""

    # Strict: text is never taken for a number nor true for 1; a whole number is still good where a number is asked.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
