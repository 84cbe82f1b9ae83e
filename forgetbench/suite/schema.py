"""What a suite file may say: the typed schema, its defaults and its limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

FreezePoint = int | str
AttachPoint = int | str

OPTIMIZERS = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "MuSGD")
#: Augmentation keys that Ultralytics' training takes; their meaning and ranges are Ultralytics'.
AUGMENTATION_KEYS = (
    "hsv_h", "hsv_s", "hsv_v", "degrees", "translate", "scale", "shear", "perspective", "flipud", "fliplr", "bgr",
    "mosaic", "close_mosaic", "mixup", "cutmix", "copy_paste", "copy_paste_mode", "auto_augment", "erasing",
    "multi_scale",
)  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Split(_Section):
    """A seeded random split, for data that brings no list of its own."""

    seed: int = 0
    evaluate: Annotated[float, Field(gt=0, lt=1)] = Field(0.2, description="share of images kept for evaluation")


class Data(_Section):
    """Where a dataset is, how it is laid out, and which of its parts are used."""

    path: str | None = Field(
        None,
        description="folder of the data; if relative, looked for beside the suite, in the current folder, under "
        "FORGETBENCH_DATA and under FORGETBENCH_ASSETS, in that order",
    )
    format: Literal["yolo", "coco", "voc", "shapes"]
    train: str | None = Field(None, description="name of the training split (default: train)")
    evaluate: str | None = Field(None, description="name of the evaluation split (default: val, valid or test)")
    split: Split | None = Field(None, description="seeded split, where the data has none")
    names: list[str] | Literal["coco"] | None = Field(None, description="class names, where the data names none")
    images: str | None = Field(None, description="COCO format: folder of images, relative to path")
    annotations: str | None = Field(None, description="COCO format: instances JSON, relative to path")
    limit: Annotated[int, Field(gt=0)] | None = Field(None, description="use the first N images, sorted by name")
    download: str | None = Field(None, description="name of a download known to forgetbench")
    world: Literal["general", "fine"] | None = Field(None, description="shapes format: which drawn world")
    size: Annotated[int, Field(ge=32, le=1024)] = Field(128, description="shapes format: image side in pixels")
    train_images: Annotated[int, Field(gt=0)] = Field(400, description="shapes format: training images drawn")
    evaluate_images: Annotated[int, Field(gt=0)] = Field(100, description="shapes format: evaluation images drawn")
    seed: int = Field(0, description="shapes format: seed of the drawn images")

    @model_validator(mode="after")
    def _fields_fit_format(self) -> Data:
        if self.format == "shapes":
            if self.world is None:
                raise ValueError("format 'shapes' needs 'world': general or fine")
        elif self.path is None:
            raise ValueError(f"format '{self.format}' needs 'path'")
        if self.world is not None and self.format != "shapes":
            raise ValueError("'world' belongs to format 'shapes'")
        return self


class Train(_Section):
    """Training settings. Names and meaning are Ultralytics', except that `optimizer` and `lr0` must be given."""

    epochs: Annotated[int, Field(gt=0)]
    optimizer: str
    lr0: Annotated[float, Field(gt=0)]
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] = 640
    batch: Annotated[int, Field(gt=0)] = 16
    lrf: Annotated[float, Field(gt=0)] = 0.01
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.937
    weight_decay: Annotated[float, Field(ge=0)] = 0.0005
    nbs: Annotated[int, Field(gt=0)] = Field(64, description="nominal batch size; gradients accumulate up to it")
    warmup_epochs: Annotated[float, Field(ge=0)] = 3.0
    warmup_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.8
    warmup_bias_lr: Annotated[float, Field(ge=0)] = 0.1
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
    augment: dict[str, Any] = Field(default_factory=dict, description="Ultralytics' augmentation keys")

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, name: str) -> str:
        if name.lower() == "auto":
            raise ValueError(
                "'auto' is refused: it ignores lr0 and picks optimizer and rate by iterations and class count, so arms "
                f"would differ for hidden reasons; name one of {', '.join(OPTIMIZERS)}"
            )
        for known in OPTIMIZERS:
            if known.lower() == name.lower():
                return known
        raise ValueError(f"unknown optimizer '{name}'; expected one of {', '.join(OPTIMIZERS)}")

    @field_validator("augment")
    @classmethod
    def _known_augmentation(cls, augment: dict[str, Any]) -> dict[str, Any]:
        for key in augment:
            if key not in AUGMENTATION_KEYS:
                raise ValueError(f"unknown augmentation '{key}'; expected some of {', '.join(AUGMENTATION_KEYS)}")
        return augment


class Pretrain(_Section):
    """How to train the original model on the reference data when the suite names an architecture, not weights."""

    epochs: Annotated[int, Field(gt=0)]
    optimizer: str = "AdamW"
    lr0: Annotated[float, Field(gt=0)] = 0.002
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] | None = Field(None, description="default: train.imgsz")
    batch: Annotated[int, Field(gt=0)] = 16
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    augment: dict[str, Any] = Field(default_factory=dict)
    seed: int = 0


class Evaluation(_Section):
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


class Logging(_Section):
    """What is measured during training."""

    gradients: bool = True
    gradient_every: Annotated[int, Field(gt=0)] = Field(1, description="optimizer steps between logged norms")
    memory: bool = True


class Suite(_Section):
    """One experiment: models, data, freeze points, attach points, seeds and settings."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    description: str = ""
    models: Annotated[list[str], Field(min_length=1)]
    target: Data
    reference: Data
    freeze_points: Annotated[list[FreezePoint], Field(min_length=1)]
    attach_points: Annotated[list[AttachPoint], Field(min_length=1)] = ["head", "freeze-point"]
    reference_arm: FreezePoint = Field("all-but-head", description="freeze point that specialisation gain compares to")
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0]
    train: Train
    pretrain: Pretrain | None = None
    evaluation: Evaluation = Evaluation()
    logging: Logging = Logging()

    @field_validator("models", "freeze_points", "attach_points", "seeds")
    @classmethod
    def _no_duplicates(cls, values: list[Any]) -> list[Any]:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise ValueError(f"'{value}' is listed twice")
        return values
