"""What a suite file may say: the typed schema, its defaults and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)

from forgetbench.errors import nearest
from forgetbench.suite.points import (
    ATTACH_PATTERN,
    ATTACH_WORDS,
    FREEZE_PATTERN,
    FREEZE_WORDS,
    attach_point_problem,
    freeze_point_problem,
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


def accept_model_alias(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a suite's top level with `model` written as `models`, and a single model name as a list of one.

    Raises:
        ValueError: If both keys are given.
    """
    suite = dict(given)
    if "model" in suite:
        if "models" in suite:
            raise ValueError("both 'model' and 'models' are given; 'model' is another name of 'models': keep one")
        suite["models"] = suite.pop("model")
    if isinstance(suite.get("models"), str):
        suite["models"] = [suite["models"]]
    return suite


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> ValueError:
    near = nearest(name, known)
    hint = f", did you mean '{near}'?" if near else ""
    return ValueError(f"unknown {kind} '{name}'; expected one of {', '.join(known)}{hint}")


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
                raise ValueError(f"'{key}' expected text, found {value!r}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ValueError(f"'{key}' expected a number, found {value!r}")
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


def _listed_once(values: list[Any]) -> list[Any]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"'{value}' is listed twice")
    return values


def _point_schema(pattern: str, words: str) -> WithJsonSchema:
    # "$comment" is what error messages say was expected.
    kinds = [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^({pattern})$"}]
    return WithJsonSchema({"anyOf": kinds, "$comment": words})


FreezePoint = Annotated[int | str, AfterValidator(_possible_freeze_point), _point_schema(FREEZE_PATTERN, FREEZE_WORDS)]
AttachPoint = Annotated[int | str, AfterValidator(_possible_attach_point), _point_schema(ATTACH_PATTERN, ATTACH_WORDS)]
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


class Split(Section):
    """A seeded random split, for data that brings no list of its own."""

    seed: int = 0
    evaluate: Annotated[float, Field(gt=0, lt=1)] = Field(0.2, description="share of images kept for evaluation")


#: Name of one split, or of several whose images are taken together.
Parts = str | Annotated[list[str], Field(min_length=1)]
ClassByName = Annotated[
    dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=1)]],
    Field(min_length=1),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string", "minLength": 1},
            "$comment": "a mapping from how file names begin to class names",
        }
    ),
]
#: Keys that only one format has a use for.
_FORMAT_OF_KEY = {
    "images": "coco",
    "annotations": "coco",
    "difficult": "voc",
    "class_by_name": "yolo",
    "world": "shapes",
}


class Data(Section):
    """Where a dataset is, how it is laid out, and which of its parts are used."""

    card: PlainName | None = Field(
        None,
        description="name of a card that says all this; whatever else stands here goes before what the card says",
    )
    path: str | None = Field(
        None,
        description="folder of the data; if relative, looked for beside the suite, in the current folder, under "
        "FORGETBENCH_DATA and under FORGETBENCH_ASSETS, in that order",
    )
    format: Literal["yolo", "coco", "voc", "shapes"] | None = Field(
        None, description="not needed where a card is named"
    )
    train: Parts | None = Field(None, description="name of the training split, or several (default: train)")
    evaluate: Parts | None = Field(
        None, description="name of the evaluation split, or several (default: val, valid, validation or test)"
    )
    split: Split | None = Field(None, description="seeded split, where the data has none")
    names: list[str] | Literal["coco"] | None = Field(None, description="class names, where the data names none")
    images: str | None = Field(None, description="COCO format: folder of images, relative to path")
    annotations: str | None = Field(None, description="COCO format: instances JSON, relative to path")
    difficult: Literal["keep", "drop"] = Field(
        "keep", description="VOC format: what becomes of objects marked difficult"
    )
    class_by_name: ClassByName | None = Field(
        None, description="YOLO format: class of all boxes of an image by how its file name begins"
    )
    limit: Annotated[int, Field(gt=0)] | None = Field(None, description="use the first N images, sorted by name")
    world: Literal["general", "fine"] | None = Field(None, description="shapes format: which drawn world")
    size: Annotated[int, Field(ge=32, le=1024)] = Field(128, description="shapes format: image side in pixels")
    train_images: Annotated[int, Field(gt=0)] = Field(400, description="shapes format: training images drawn")
    evaluate_images: Annotated[int, Field(gt=0)] = Field(100, description="shapes format: evaluation images drawn")
    seed: int = Field(0, description="shapes format: seed of the drawn images")

    @model_validator(mode="after")
    def _fields_fit_format(self) -> Data:
        if self.card is not None:
            if self.format == "shapes":
                raise ValueError("'card' and format 'shapes' exclude each other")
            return self  # the rest is checked together with what the card says
        if self.format is None:
            raise ValueError("needs 'format' (yolo, coco, voc or shapes) or 'card'")
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
        return _listed_once(parts) if isinstance(parts, list) else parts

    def parts(self, purpose: Literal["train", "evaluate"]) -> tuple[str, ...]:
        """Return the names of the splits to use for a purpose; empty where the section leaves it to the usual ones."""
        named = self.train if purpose == "train" else self.evaluate
        return (named,) if isinstance(named, str) else tuple(named or ())


class Train(Section):
    """Training settings. Names and meaning are Ultralytics', except that `optimizer` and `lr0` must be given."""

    epochs: Annotated[int, Field(gt=0)]
    optimizer: Optimizer
    lr0: Annotated[float, Field(gt=0, le=1)]
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] = 640
    batch: Annotated[int, Field(gt=0)] = 16
    lrf: Annotated[float, Field(gt=0, le=1)] = Field(0.01, description="last learning rate as a share of lr0")
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.937
    weight_decay: Share = 0.0005
    nbs: Annotated[int, Field(gt=0)] = Field(64, description="nominal batch size; gradients accumulate up to it")
    warmup_epochs: Annotated[float, Field(ge=0)] = 3.0
    warmup_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.8
    warmup_bias_lr: Share = 0.1
    cos_lr: bool = False
    patience: Annotated[int, Field(ge=0)] = Field(
        0, description="stop a branch after this many evaluations without a better target AP; 0 never stops"
    )
    cache: bool | Literal["ram", "disk"] = Field("ram", description="keep decoded training images in memory or on disk")
    workers: Annotated[int, Field(ge=0)] = Field(0, description="loader processes; results do not depend on it")
    pretrained: bool = Field(True, description="false: every branch starts from random weights")
    cls_remap: bool = Field(False, description="copy the original head's class rows to target classes of equal name")
    amp: bool = Field(True, description="mixed precision on CUDA; no effect on CPU")
    box: Annotated[float, Field(ge=0)] = 7.5
    cls: Annotated[float, Field(ge=0)] = 0.5
    dfl: Annotated[float, Field(ge=0)] = 1.5
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of the class target given to the other classes, at anchors with an object"
    )
    augment: Augment = Field(default_factory=dict, description="Ultralytics' augmentation keys")


#: Training settings that concern one branch alone; what decides the batches is the same for all.
BRANCH_KEYS = (
    "optimizer", "lr0", "lrf", "momentum", "weight_decay", "warmup_epochs", "warmup_momentum", "warmup_bias_lr",
    "cos_lr", "patience", "cls_remap", "box", "cls", "dfl", "label_smoothing",
)  # fmt: skip
if TYPE_CHECKING:
    ArmTrain = Section
else:
    ArmTrain = create_model(
        "ArmTrain",
        __base__=Section,
        __doc__="Training settings of one arm that differ from the suite's.",
        **{
            key: (Annotated[(field.annotation, *field.metadata, key)] | None, None)
            for key, field in Train.model_fields.items()
            if key in BRANCH_KEYS
        },
    )


class ArmSpec(Section):
    """An arm beside those that the freeze points make."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]*$", max_length=40)] = Field(
        description="what tables and charts call it",
        json_schema_extra={"$comment": "1 to 40 letters, digits, '.', '_' or '-', the first a letter"},
    )
    freeze_point: FreezePoint = Field("none", description="first trainable module, as in freeze_points")
    pretrained: bool = Field(True, description="false: starts from random weights")
    strategy: dict[str, Any] = Field(
        default_factory=dict,
        description="what else decides which parts train, when, at which rates and under which loss",
    )
    train: ArmTrain = Field(default_factory=ArmTrain, description="settings that differ from the suite's")


class Pretrain(Section):
    """How to train the original model on the reference data when the suite names an architecture, not weights."""

    epochs: Annotated[int, Field(gt=0)]
    optimizer: Optimizer = "AdamW"
    lr0: Annotated[float, Field(gt=0, le=1)] = 0.002
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] | None = Field(None, description="default: train.imgsz")
    batch: Annotated[int, Field(gt=0)] = 16
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    augment: Augment = Field(default_factory=dict, description="Ultralytics' augmentation keys")
    seed: int = 0


class Evaluation(Section):
    """How checkpoints are scored."""

    every: Annotated[int, Field(gt=0)] = Field(1, description="score every n-th epoch; the last is always scored")
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] | None = Field(None, description="default: train.imgsz")
    shape: Literal["rect", "square"] = Field(
        "rect", description="rect: each image's own rectangle, as Ultralytics pads it; square: imgsz x imgsz"
    )
    batch: Annotated[int, Field(gt=0)] = 16
    conf: Annotated[float, Field(ge=0, lt=1)] = 0.001
    iou: Annotated[float, Field(gt=0, le=1)] = 0.7
    max_det: Annotated[int, Field(gt=0)] = 300
    heads: list[Literal["one-to-one", "one-to-many"]] = Field(
        default=["one-to-one"], min_length=1, description="heads scored where a model has both (YOLOv10)"
    )


class Logging(Section):
    """What is measured during training."""

    gradients: bool = True
    gradient_every: Annotated[int, Field(gt=0)] = Field(1, description="optimizer steps between logged norms")
    memory: bool = True


CamRule = Literal["random", "largest-gain", "largest-loss"]


class Cam(Section):
    """Class activation maps of the same images through the original and every freeze point's last checkpoint."""

    method: Literal["grad-cam", "eigen-cam"] = Field(
        "grad-cam", description="eigen-cam needs no gradient and does not look at the detections"
    )
    images: Annotated[int, Field(gt=0, le=20)] = Field(3, description="images per rule and dataset")
    rules: Annotated[list[CamRule], Field(min_length=1)] = Field(
        default=["random", "largest-gain", "largest-loss"], description="by what images are chosen"
    )
    seed: int = Field(0, description="of the random choice")
    modules: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = Field(
        None, description="indices of the modules looked at (default: those that feed the detection head)"
    )

    @field_validator("rules", "modules")
    @classmethod
    def _no_duplicates(cls, values: list[Any] | None) -> list[Any] | None:
        return None if values is None else _listed_once(values)


class Suite(Section):
    """One experiment: models, data, freeze points, attach points, seeds and settings."""

    name: PlainName = Field(description="names the folder of the suite's runs")
    description: str = ""
    models: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] = Field(
        description="weights (yolov8n.pt) or architecture files (yolov10n.yaml); 'model: yolov8n.pt' is accepted too"
    )
    target: Data
    reference: Data
    freeze_points: Annotated[list[FreezePoint], Field(min_length=1)] = Field(
        description="index of the first trainable module, or what is frozen: none, first-N, backbone, all-but-head"
    )
    attach_points: Annotated[list[AttachPoint], Field(min_length=1)] = Field(
        default=["head", "freeze-point"],
        description="where the COCO path turns to original modules: head, freeze-point, or an index between",
    )
    arms: list[ArmSpec] = Field(default_factory=list, description="arms beside those that the freeze points make")
    reference_arm: FreezePoint = Field("all-but-head", description="freeze point that specialisation gain compares to")
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0]
    train: Train
    pretrain: Pretrain | None = None
    evaluation: Evaluation = Evaluation()
    logging: Logging = Logging()
    cam: Cam | None = Field(None, description="class activation maps (needs the extra `cam`); none by default")

    @model_validator(mode="before")
    @classmethod
    def _one_or_several_models(cls, given: Any) -> Any:
        return accept_model_alias(given) if isinstance(given, Mapping) else given

    @field_validator("models", "freeze_points", "attach_points", "seeds")
    @classmethod
    def _no_duplicates(cls, values: list[Any]) -> list[Any]:
        return _listed_once(values)

    @field_validator("arms")
    @classmethod
    def _names_of_their_own(cls, arms: list[ArmSpec]) -> list[ArmSpec]:
        names = [arm.name for arm in arms]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValueError(f"two arms are called '{name}'")
            if name == "original" or re.fullmatch(r"freeze\d*", name):
                raise ValueError(f"'{name}' is the name of another arm of every run; choose another")
        return arms

    @model_validator(mode="after")
    def _maps_have_networks_and_detections(self) -> Suite:
        if self.cam is not None and "head" not in self.attach_points:
            raise ValueError("'cam' shows the reference under attach point 'head'; add it to attach_points")
        if self.cam is not None and self.evaluation.conf > 0.25:
            raise ValueError("'cam' shows detections above 0.25; expected evaluation.conf of at most that")
        return self
