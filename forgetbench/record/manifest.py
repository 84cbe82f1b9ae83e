"""The manifest of a run, as it is read: every value of the kind it was written as, every name a plain one.

A run may come from anybody. What is checked here can be used without a further thought: a name in a path, a number in
a sum.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from forgetbench.errors import CorruptRunError, brief
from forgetbench.names import PLAIN, is_plain
from forgetbench.record.json_record import read_record
from forgetbench.record.run_format import refuse_other_format
from forgetbench.suite.kinds import HeadMode
from forgetbench.suite.measures import Measure

#: No count in a run is anywhere near it, and sums of such still fit into 64 bits.
MOST = 2**53


def _plain(name: str) -> str:
    if not is_plain(name):
        raise ValueError(f"expected {PLAIN}")
    return name


Name = Annotated[str, AfterValidator(_plain)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=MOST)]
Module = Annotated[int, Field(ge=0, le=100_000)]
Classes = Annotated[list[str], Field(min_length=1)]
_STRICT = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


@with_config(_STRICT)
class TrainRecord(TypedDict):
    """What of a suite's training section is read back."""

    epochs: Count
    imgsz: Count
    batch: Count
    nbs: Count
    optimizer: str
    lr0: float
    lrf: float
    cls_remap: bool


@with_config(_STRICT)
class SuiteEvaluationRecord(TypedDict):
    """What of a suite's evaluation section is read back."""

    resamples: Annotated[int, Field(ge=0, le=1_000_000)]
    every: Annotated[int, Field(ge=1, le=MOST)]
    heads: list[HeadMode]
    drift: bool
    scorer: Literal["hotcoco", "pycocotools"]


@with_config(_STRICT)
class SuiteRecord(TypedDict):
    """The suite as it was resolved; what is not listed is kept as it is."""

    name: Name
    description: str
    seeds: Annotated[list[Count], Field(min_length=1)]
    attach_points: list[int | str]
    claims: list[dict[str, Any]]
    train: TrainRecord
    evaluation: SuiteEvaluationRecord
    arms: NotRequired[list[dict[str, Any]]]
    cam: NotRequired[dict[str, Any] | None]
    keep: NotRequired[Classes]


@with_config(_STRICT)
class EvaluationRecord(TypedDict):
    """Evaluation settings, defaults filled in."""

    imgsz: Count
    shape: str
    batch: Count
    conf: float
    iou: float
    max_det: Count


@with_config(_STRICT)
class Ended(TypedDict):
    """How an arm's training ended; a run that is being trained cannot tell yet."""

    stopped: NotRequired[str | None]
    skipped_steps: NotRequired[Count]
    steps: NotRequired[Count]
    epochs: NotRequired[Count]
    diverged: NotRequired[bool]


@with_config(_STRICT)
class ArmRecord(Ended):
    """An arm: how it was trained, and how that ended."""

    arm: Name
    model: Name
    freeze_point: Module
    label: str
    method: str
    strategy: str
    setting: str | None
    seed: Count
    train: dict[str, Any]
    trainable_parameters: Count
    parameters: Annotated[int, Field(ge=1, le=MOST)]
    trained_flops: Annotated[float, Field(ge=0)]
    flops: Annotated[float, Field(ge=0)]


@with_config(_STRICT)
class ModelRecord(TypedDict):
    """An original."""

    weights_hash: Digest
    head: Module
    neck: Module
    classes: Classes
    two_heads: bool


@with_config(_STRICT)
class DataRecord(TypedDict):
    """A dataset."""

    name: str
    split: str
    subset_of: str | None
    images: Count
    instances: Count
    classes: Classes
    fingerprint: Digest
    origin: dict[str, Any] | None
    reader: NotRequired[str]


@with_config(_STRICT)
class ScoredDataRecord(DataRecord):
    """A dataset that is scored, with what was odd in it by kind."""

    oddities: dict[str, Count]


@with_config(_STRICT)
class AllDataRecord(TypedDict):
    """The datasets by what they are for."""

    train: DataRecord
    target: ScoredDataRecord
    reference: ScoredDataRecord


@with_config(_STRICT)
class PartsRecord(TypedDict):
    """Fingerprints of the target."""

    train: Digest
    evaluate: Digest


@with_config(_STRICT)
class IdentityRecord(TypedDict):
    """All that decides the numbers, which the run's id is a hash of."""

    format: Count
    suite: dict[str, Any]
    originals: dict[Name, Digest]
    target: PartsRecord
    reference: dict[Name, Digest]
    scorer: str
    torch: str
    ultralytics: str
    packages: NotRequired[dict[str, str]]


@with_config(_STRICT)
class ComparedRecord(TypedDict):
    """The treatments of a model that a claim is about, and what they are compared with."""

    model: Name
    against: str
    treatments: list[str]


@with_config(_STRICT)
class ClaimRecord(TypedDict):
    """A claim, matched with treatments."""

    name: str
    says: str
    source: str
    quantity: Literal["gain", "forgetting", "memory", "time"]
    measure: Measure
    of: Literal["every", "some"]
    attach: str | int | None
    at_gain: float | None
    below: float | None
    above: float | None
    compared: list[ComparedRecord]


@with_config(_STRICT)
class EnvironmentRecord(TypedDict):
    """What a run was computed in."""

    forgetbench: str
    commit: str | None
    python: str
    packages: dict[str, str | None]
    platform: str
    processor: str | None
    threads: Annotated[int, Field(ge=1, le=100_000)]
    variables: dict[str, str]
    device: str
    began_with: NotRequired[dict[str, Any]]
    done_with: NotRequired[dict[str, dict[str, Any]]]


@with_config(_STRICT)
class Manifest(TypedDict):
    """`manifest.json`."""

    format: Count
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    suite: SuiteRecord
    identity: IdentityRecord
    evaluation: EvaluationRecord
    resampling_seed: Count
    arms: Annotated[list[ArmRecord], Field(min_length=1)]
    reference_arms: dict[Name, Module]
    claims: list[ClaimRecord]
    models: dict[Name, ModelRecord]
    data: AllDataRecord
    environment: EnvironmentRecord


def _about_the_same_models(manifest: Manifest) -> Manifest:
    of_arms = {arm["model"] for arm in manifest["arms"]}
    identity = manifest["identity"]
    for names in (of_arms, identity["originals"].keys(), identity["reference"].keys()):
        if {*names} != {*manifest["models"]}:
            raise ValueError(f"expected the models {', '.join(manifest['models'])} everywhere")
    if not {*manifest["reference_arms"]} <= {*manifest["models"]}:
        raise ValueError("expected reference_arms of these models alone")
    return manifest


_FORM: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, AfterValidator(_about_the_same_models)])


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder.

    One that states no format may lack anything; what it has is of the kinds that are read all the same.

    Raises:
        CorruptRunError: there is none, it is no JSON object, or a value in it is missing or of another kind.
        InputError: it is of another format.
    """
    path = folder / "manifest.json"
    manifest = read_record(path)
    if "format" in manifest:
        refuse_other_format(manifest, folder)
    try:
        _FORM.validate_python(manifest)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        if "format" not in manifest:
            unfinished = ("missing", "value_error")
            problems = [problem for problem in problems if problem["type"] not in unfinished or _is_name(problem)]
        for problem in problems:
            found = "nothing" if problem["type"] == "missing" else brief(problem["input"])
            raise CorruptRunError(
                "not what a run's manifest has here",
                where=f"{path}{_key(problem['loc'])}",
                expected=problem["msg"].removeprefix("Value error, expected ").replace("Field required", "a value"),
                found=found if problem["loc"] else None,
            ) from error
    return cast(Manifest, manifest)


def _is_name(problem: Any) -> bool:
    return PLAIN in problem["msg"]


def _key(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f", {text.removeprefix('.')}" if text else ""
