"""What a suite file may say: the typed schema, its defaults and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from forgetbench.suite.bounds import (
    MOST_ARMS,
    MOST_CLAIMS,
    MOST_DETECTIONS,
    MOST_EPOCHS_IN_ALL,
    MOST_FREEZE_POINTS,
    MOST_MODELS,
    MOST_MODULES,
    MOST_NAMED,
    MOST_RESAMPLES,
    MOST_SEEDS,
    MOST_SETTINGS,
    AtLeastOne,
    Batch,
    ModelText,
    ModuleIndex,
    NameText,
    Prose,
    Seed,
    Side,
    SignedSeed,
    product_problem,
)
from forgetbench.suite.claims import Claim
from forgetbench.suite.data_section import Data
from forgetbench.suite.kinds import FreezePoint, HeadMode, ListedAttachPoint, PlainName, Section, Shape, listed_once
from forgetbench.suite.measures import KEPT_MEASURES
from forgetbench.suite.points import ALL
from forgetbench.suite.train_section import ArmSpec, Pretrain, Train
from forgetbench.suite.vary import Vary, number_of_settings, repeated_setting


def accept_model_alias(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a suite's top level with `model` written as `models`; one model, or the word `all`, as a list of one.

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
    if suite.get("attach_points") == ALL:
        suite["attach_points"] = [ALL]
    return suite


class Evaluation(Section):
    """How checkpoints are scored."""

    every: AtLeastOne = Field(1, description="score every n-th epoch; the last is always scored")
    imgsz: Side | None = Field(None, description="default: train.imgsz")
    shape: Shape = Field(
        "rect", description="rect: each image's own rectangle, as Ultralytics pads it; square: imgsz x imgsz"
    )
    batch: Batch = 16
    conf: Annotated[float, Field(ge=0, lt=1)] = 0.001
    iou: Annotated[float, Field(gt=0, le=1)] = 0.7
    max_det: Annotated[int, Field(gt=0, le=MOST_DETECTIONS)] = 300
    heads: list[HeadMode] = Field(
        default=["one-to-one", "one-to-many"],
        min_length=1,
        description="heads scored where a model has both (YOLOv10, YOLO26); the first decides patience and activation "
        "maps. one-to-one needs no suppression; one-to-many is what `yolo val` scores since Ultralytics 8.4.142",
    )
    scorer: Literal["hotcoco", "pycocotools"] = Field(
        "hotcoco",
        description="pycocotools is the reference implementation: the same numbers, 30 to 100 times slower",
    )
    resamples: Annotated[int, Field(ge=0, le=MOST_RESAMPLES)] = Field(
        1000, description="samples of the images that intervals rest on; 0: no intervals"
    )
    drift: bool = Field(
        True, description="measure where the reference was forgotten: drift by module, and BatchNorm statistics' share"
    )

    @field_validator("heads")
    @classmethod
    def _no_head_twice(cls, heads: list[HeadMode]) -> list[HeadMode]:
        return listed_once(heads)


class Logging(Section):
    """What is measured during training."""

    gradients: bool = True
    gradient_every: AtLeastOne = Field(1, description="optimizer steps between logged norms")
    memory: bool = True


CamRule = Literal["random", "largest-gain", "largest-loss"]


class Cam(Section):
    """Class activation maps of the same images through the original and every arm's last checkpoint of one seed."""

    method: Literal["grad-cam", "eigen-cam"] = Field(
        "grad-cam", description="eigen-cam needs no gradient and does not look at the detections"
    )
    images: Annotated[int, Field(gt=0, le=20)] = Field(3, description="images per rule and dataset")
    rules: Annotated[list[CamRule], Field(min_length=1)] = Field(
        default=["random", "largest-gain", "largest-loss"], description="by what images are chosen"
    )
    seed: SignedSeed = Field(0, description="of the random choice")
    modules: Annotated[list[ModuleIndex], Field(min_length=1, max_length=MOST_MODULES)] | None = Field(
        None, description="indices of the modules looked at (default: those that feed the detection head)"
    )

    @field_validator("rules", "modules")
    @classmethod
    def _no_duplicates(cls, values: list[Any] | None) -> list[Any] | None:
        return None if values is None else listed_once(values)


class Suite(Section):
    """One experiment: models, data, freeze points, attach points, seeds and settings."""

    name: PlainName = Field(description="names the folder of the suite's runs")
    description: Prose = ""
    models: Annotated[list[ModelText], Field(min_length=1, max_length=MOST_MODELS)] = Field(
        description="weights (yolov8n.pt) or architecture files (yolov10n.yaml); 'model' with one name is taken too"
    )
    target: Data
    reference: Data
    freeze_points: Annotated[list[FreezePoint], Field(min_length=1, max_length=MOST_FREEZE_POINTS)] = Field(
        description="index of the first trainable module, or what is frozen: none, first-N, backbone, all-but-head"
    )
    attach_points: Annotated[list[ListedAttachPoint], Field(min_length=1, max_length=MOST_FREEZE_POINTS)] = Field(
        default=["head", "freeze-point"],
        description="where the COCO path turns to original modules: head, freeze-point, an index between, or all",
    )
    arms: Annotated[list[ArmSpec], Field(max_length=MOST_FREEZE_POINTS)] = Field(
        default_factory=list, description="arms beside those that the freeze points make"
    )
    vary: Vary | None = Field(
        None,
        description="training settings that every arm is trained under: lists of values, for all combinations, or a "
        "list of such mappings; gain compares to the reference arm under the first",
    )
    reference_arm: FreezePoint = Field("all-but-head", description="freeze point that specialisation gain compares to")
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=MOST_SEEDS)] = Field(default=[0])
    train: Train
    pretrain: Pretrain | None = None
    evaluation: Evaluation = Evaluation()
    logging: Logging = Logging()
    keep: Annotated[list[NameText], Field(min_length=1, max_length=MOST_NAMED)] | None = Field(
        None, description="classes of the reference that forgetting is also weighed by alone; none by default"
    )
    claims: Annotated[list[Claim], Field(max_length=MOST_CLAIMS)] = Field(
        default_factory=list, description="what others said, to be put to the test"
    )
    cam: Cam | None = Field(None, description="class activation maps (needs the extra `cam`); none by default")

    @model_validator(mode="before")
    @classmethod
    def _one_or_several_models(cls, given: Any) -> Any:
        return accept_model_alias(given) if isinstance(given, Mapping) else given

    @field_validator("models", "freeze_points", "attach_points", "seeds", "keep")
    @classmethod
    def _no_duplicates(cls, values: list[Any] | None) -> list[Any] | None:
        return None if values is None else listed_once(values)

    @field_validator("attach_points")
    @classmethod
    def _all_or_some(cls, points: list[int | str]) -> list[int | str]:
        if ALL in points and len(points) > 1:
            raise ValueError("'all' is every attach point; expected it alone")
        return points

    @field_validator("claims")
    @classmethod
    def _claims_of_different_names(cls, claims: list[Claim]) -> list[Claim]:
        listed_once([claim.name for claim in claims])
        return claims

    @field_validator("arms")
    @classmethod
    def _names_of_their_own(cls, arms: list[ArmSpec]) -> list[ArmSpec]:
        seen: set[str] = set()
        for name in (arm.name for arm in arms):
            if name in seen:
                raise ValueError(f"two arms are called '{name}'")
            seen.add(name)
            if name == "original" or re.fullmatch(r"freeze\d*", name):
                raise ValueError(f"'{name}' is the name of another arm of every run; choose another")
        return arms

    @field_validator("vary")
    @classmethod
    def _settings_listed_once(cls, vary: Vary | None) -> Vary | None:
        if number_of_settings(vary) > MOST_SETTINGS:
            raise ValueError(
                f"makes {number_of_settings(vary):,} settings of all combinations; expected at most {MOST_SETTINGS:,}"
            )
        repeated = None if vary is None else repeated_setting(vary)
        if repeated is not None:
            raise ValueError(f"the setting '{repeated}' is listed twice")
        return vary

    @model_validator(mode="after")
    def _not_endless(self) -> Suite:
        factors = {
            "models": len(self.models),
            "seeds": len(self.seeds),
            "freeze points and further arms": len(self.freeze_points) + len(self.arms),
            "settings": number_of_settings(self.vary),
        }
        problem = product_problem("arms", factors, MOST_ARMS)
        problem = problem or product_problem(
            "epochs in all", {**factors, "epochs": self.train.epochs}, MOST_EPOCHS_IN_ALL
        )
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _claims_of_kept_classes_have_them(self) -> Suite:
        of_kept = next((claim for claim in self.claims if claim.measure in KEPT_MEASURES), None)
        if of_kept is not None and self.keep is None:
            raise ValueError(f"the claim '{of_kept.name}' is about '{of_kept.measure}'; name the classes with 'keep'")
        return self

    @model_validator(mode="after")
    def _maps_have_networks_and_detections(self) -> Suite:
        if self.cam is not None and not {"head", ALL} & {*self.attach_points}:
            raise ValueError("'cam' shows the reference under attach point 'head'; add it to attach_points")
        if self.cam is not None and self.evaluation.conf > 0.25:
            raise ValueError("'cam' shows detections above 0.25; expected evaluation.conf of at most that")
        return self
