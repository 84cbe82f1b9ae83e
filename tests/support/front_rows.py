"""A run written by hand with fronts, and forgetting at equal gain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import madeup_run

from forgetbench.record.folder import RunFolder, columns_of
from forgetbench.record.rows.differences import EqualGainRow, FrontRow

HEAD, BACKBONE = "all-but-head (22)", "backbone (10)"
SCENE: dict[str, Any] = {"model": madeup_run.MODEL, "head": "one-to-many", "attach": "head"}


def equal(level: float, treatment: str, value: float, span: tuple[float, float] | None, **changes: Any) -> EqualGainRow:
    low, high = span or (None, None)
    cells = {
        **SCENE, "at_gain": level, "treatment": treatment, "against": "original", "seeds": 1, "value": value,
        "images_low": low, "images_high": high, "seeds_low": None, "seeds_high": None, "low": low, "high": high,
        "from_setting": None, "from_epoch": 1, "to_setting": None, "to_epoch": 2, "share": 0.5, **changes,
    }  # fmt: skip
    return EqualGainRow(**cells)


EQUAL = [
    equal(0.05, HEAD, 0.0, (0.0, 0.0)),
    equal(0.05, BACKBONE, 0.175, (0.1, 0.25)),
    equal(0.05, BACKBONE, 0.175, (0.1, 0.25), against=HEAD),
    equal(0.1, BACKBONE, 0.19, None),
]
FRONT = [
    FrontRow(**SCENE, method=HEAD, setting=None, epoch=2, seeds=1, gain=0.06, forgetting=0.0),
    FrontRow(**SCENE, method=BACKBONE, setting=None, epoch=1, seeds=1, gain=-0.1, forgetting=0.15),
    FrontRow(**SCENE, method=BACKBONE, setting=None, epoch=2, seeds=1, gain=0.15, forgetting=0.2),
]


def write_run(folder: Path) -> Path:
    about = madeup_run.manifest()
    for arm in about["arms"]:
        arm["method"] = arm["label"]
    madeup_run.write_run(folder, about=about)
    RunFolder(folder).write_table("front.csv", columns_of(FrontRow), FRONT)
    RunFolder(folder).write_table("equal_gain.csv", columns_of(EqualGainRow), EQUAL)
    return folder
