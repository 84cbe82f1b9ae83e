"""What a suite may say of training: all branches', one arm's, and that of an original without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model

from forgetbench.suite.bounds import (
    MOST_WORKERS,
    AtLeastOne,
    AtLeastZero,
    Batch,
    Epochs,
    Side,
    SignedSeed,
    Warmup,
    Weight,
)
from forgetbench.suite.kinds import Augment, FreezePoint, Optimizer, Section, Share

#: Rate that biases start their warm-up at under SGD, as Ultralytics has it. Every other optimizer starts at 0, as in
#: Ultralytics when it picks one itself: the step of Adam's family is the rate whatever the gradient's size, so that 0.1
#: would move every bias, BatchNorm's above all, by about 0.1 a step.
SGD_BIAS_RATE = 0.1


class Train(Section):
    """Training settings. Names and meaning are Ultralytics', except that `optimizer` and `lr0` must be given."""

    epochs: Epochs
    optimizer: Optimizer
    lr0: Annotated[float, Field(gt=0, le=1)]
    imgsz: Side = 640
    batch: Batch = 16
    lrf: Annotated[float, Field(gt=0, le=1)] = Field(0.01, description="last learning rate as a share of lr0")
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.937
    weight_decay: Share = 0.0005
    nbs: AtLeastOne = Field(64, description="nominal batch size; gradients accumulate up to it")
    warmup_epochs: Warmup = 3.0
    warmup_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.8
    warmup_bias_lr: Share | None = Field(
        None, description="rate that biases start their warm-up at; default: 0.1 for SGD, 0 for every other optimizer"
    )
    cos_lr: bool = False
    patience: AtLeastZero = Field(
        0, description="stop a branch after this many evaluations without a better target AP; 0 never stops"
    )
    cache: bool | Literal["ram", "disk"] = Field("ram", description="keep decoded training images in memory or on disk")
    workers: Annotated[int, Field(ge=0, le=MOST_WORKERS)] | None = Field(
        None, description="loader processes; default: 0 on CPU, up to 8 for a GPU; results do not depend on it"
    )
    pretrained: bool = Field(True, description="false: every branch starts from random weights")
    cls_remap: bool = Field(False, description="copy the original head's class rows to target classes of equal name")
    amp: bool = Field(True, description="mixed precision on CUDA; no effect on CPU")
    box: Weight = 7.5
    cls: Weight = 0.5
    dfl: Weight = 1.5
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of the class target given to the other classes, at anchors with an object"
    )
    augment: Augment = Field(default_factory=dict, description="Ultralytics' augmentation keys")

    @property
    def bias_rate(self) -> float:
        """The rate that biases start their warm-up at, the default filled in."""
        if self.warmup_bias_lr is not None:
            return self.warmup_bias_lr
        return SGD_BIAS_RATE if self.optimizer == "SGD" else 0.0


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

    epochs: Epochs
    optimizer: Optimizer = "AdamW"
    lr0: Annotated[float, Field(gt=0, le=1)] = 0.002
    imgsz: Side | None = Field(None, description="default: train.imgsz")
    batch: Batch = 16
    warmup_epochs: Warmup = 1.0
    warmup_bias_lr: Share | None = Field(None, description="default: as in train")
    augment: Augment = Field(default_factory=dict, description="Ultralytics' augmentation keys")
    seed: SignedSeed = 0
