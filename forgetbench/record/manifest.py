"""The manifest of a run, as it is read: every value of the kind it was written as, every name a plain one.

A run may come from anybody. What is checked here can be used without a further thought: a name in a path, a number in
a sum.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from forgetbench.errors import CorruptRunError, brief
from forgetbench.names import PLAIN, is_plain
from forgetbench.record.json_record import read_record

#: Raise it whenever files of a run folder change their meaning.
FORMAT = 4
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


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Train(_Form):
    epochs: Count
    imgsz: Count
    batch: Count
    nbs: Count
    optimizer: str
    lr0: float
    lrf: float
    cls_remap: bool


class _SuiteEvaluation(_Form):
    resamples: Annotated[int, Field(ge=0, le=1_000_000)]
    every: Annotated[int, Field(ge=1, le=MOST)]
    heads: list[str]
    drift: bool
    scorer: str


class _Suite(_Form):
    name: Name
    description: str
    seeds: Annotated[list[Count], Field(min_length=1)]
    attach_points: list[int | str]
    claims: list[dict[str, Any]]
    train: _Train
    evaluation: _SuiteEvaluation


class _Evaluation(_Form):
    imgsz: Count
    shape: str
    batch: Count
    conf: float
    iou: float
    max_det: Count


class _Ended(_Form):
    """How an arm's training ended; a run that is being trained cannot tell yet."""

    stopped: str | None = None
    skipped_steps: Count = 0
    steps: Count = 0
    epochs: Count = 0
    diverged: bool = False


class _Arm(_Ended):
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


class _Model(_Form):
    weights_hash: Digest
    head: Module
    neck: Module
    classes: Classes
    two_heads: bool


class _Data(_Form):
    name: str
    split: str
    subset_of: str | None
    images: Count
    instances: Count
    classes: Classes
    fingerprint: Digest
    origin: dict[str, Any] | None


class _ScoredData(_Data):
    oddities: dict[str, Count]


class _AllData(_Form):
    train: _Data
    target: _ScoredData
    reference: _ScoredData


class _Parts(_Form):
    train: Digest
    evaluate: Digest


class _Identity(_Form):
    format: Count
    suite: dict[str, Any]
    originals: dict[Name, Digest]
    target: _Parts
    reference: dict[Name, Digest]
    scorer: str
    torch: str
    ultralytics: str


class _Compared(_Form):
    model: Name
    against: str
    treatments: list[str]


class _Claim(_Form):
    name: str
    says: str
    source: str
    quantity: str
    measure: str
    of: str
    attach: str | int | None
    at_gain: float | None
    below: float | None
    above: float | None
    compared: list[_Compared]


class _Environment(_Form):
    forgetbench: str
    commit: str | None
    python: str
    packages: dict[str, str | None]
    platform: str
    processor: str | None
    threads: Annotated[int, Field(ge=1, le=100_000)]
    variables: dict[str, str]
    device: str
    began_with: dict[str, Any] = {}


class _Manifest(_Form):
    format: Count
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    suite: _Suite
    identity: _Identity
    evaluation: _Evaluation
    resampling_seed: Count
    arms: Annotated[list[_Arm], Field(min_length=1)]
    reference_arms: dict[Name, Module]
    claims: list[_Claim]
    models: dict[Name, _Model]
    data: _AllData
    environment: _Environment

    @model_validator(mode="after")
    def _about_the_same_models(self) -> _Manifest:
        of_arms = {arm.model for arm in self.arms}
        for names in (of_arms, self.identity.originals.keys(), self.identity.reference.keys()):
            if {*names} != {*self.models}:
                raise ValueError(f"expected the models {', '.join(self.models)} everywhere")
        if not {*self.reference_arms} <= {*self.models}:
            raise ValueError("expected reference_arms of these models alone")
        return self


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a run folder.

    One of another format may lack what it did not have yet; what it has is of the kinds that are read all the same.

    Raises:
        CorruptRunError: there is none, it is no JSON object, or a value in it is missing or of another kind.
    """
    path = folder / "manifest.json"
    manifest = read_record(path)
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        if manifest.get("format") != FORMAT:
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
    return manifest


def _is_name(problem: Any) -> bool:
    return PLAIN in problem["msg"]


def _key(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f", {text.removeprefix('.')}" if text else ""
