"""A run folder written by hand: two freeze points, two epochs, numbers that are easy to check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forgetbench.record.folder import columns_of
from forgetbench.record.rows.differences import EvidenceRow
from forgetbench.record.rows.price import PriceRow

MODEL = "yolo"
#: Target AP by (freeze point, seed, epoch), and reference AP under attach = head.
TARGET = {(22, 0, 1): 0.20, (22, 0, 2): 0.40, (10, 0, 1): 0.30, (10, 0, 2): 0.55}
REFERENCE = {(22, 0, 1): 0.50, (22, 0, 2): 0.50, (10, 0, 1): 0.35, (10, 0, 2): 0.30}
ORIGINAL = 0.5
RESULTS = "arm,model,freeze_point,strategy,seed,epoch,dataset,role,attach,head,ap,ap50"


def arm_name(point: int, seed: int) -> str:
    return f"{MODEL}-freeze{point}-seed{seed}"


def manifest(seeds: Sequence[int] = (0,), **changes: Any) -> dict[str, Any]:
    points = {22: ("all-but-head (22)", 25), 10: ("backbone (10)", 60)}
    data = {"split": "val", "images": 4, "instances": 9, "oddities": {}}
    return {
        "suite": {
            "name": "made-up",
            "description": "Written by hand.",
            "seeds": list(seeds),
            "attach_points": ["head", "freeze-point"],
            "train": {
                "epochs": 2, "imgsz": 64, "batch": 4, "nbs": 4, "optimizer": "SGD", "lr0": 0.01, "lrf": 0.01,
                "cls_remap": False,
            },
            "evaluation": {"resamples": 1000},
        },
        "evaluation": {"imgsz": 64, "conf": 0.001},
        "arms": [
            {
                "arm": arm_name(point, seed), "model": MODEL, "freeze_point": point, "label": label, "seed": seed,
                "trainable_parameters": trainable, "parameters": 100, "strategy": "freeze", "trained_flops": 2e9,
                "stopped": None, "skipped_steps": 0, "steps": 4,
            }
            for seed in seeds
            for point, (label, trainable) in points.items()
        ],
        "reference_arms": {MODEL: 22},
        "models": {MODEL: {"head": 22, "neck": 10, "two_heads": False}},
        "data": {
            "target": {"name": "berries", **data, "oddities": {"zero-area-box": 2}},
            "reference": {"name": "things", **data},
        },
        "environment": {"packages": {"torch": "2.0", "absent": None}, "device": "cpu", "processor": "P", "threads": 2},
        **changes,
    }  # fmt: skip


def result_rows(
    target: Mapping[tuple[int, int, int], float | None],
    reference: Mapping[tuple[int, int, int], float | None],
    original: float | None = ORIGINAL,
) -> list[str]:
    def row(arm: str, point: object, seed: object, epoch: int, role: str, attach: str, ap: float | None) -> str:
        name = "berries" if role == "target" else "things"
        strategy = "freeze" if point else ""
        cells = [
            arm,
            MODEL,
            point,
            strategy,
            seed,
            epoch,
            name,
            role,
            attach,
            "one-to-many",
            "" if ap is None else ap,
            "",
        ]
        return ",".join(map(str, cells))

    rows = [row("original", "", "", 0, "reference", "head", original)]
    for (point, seed, epoch), ap in target.items():
        arm = arm_name(point, seed)
        rows.append(row(arm, point, seed, epoch, "target", "", ap))
        rows.append(row(arm, point, seed, epoch, "reference", "head", reference[point, seed, epoch]))
        rows.append(row(arm, point, seed, epoch, "reference", "freeze-point", original))
    return rows


def evidence_row(
    quantity: str,
    value: float | None,
    lowest: float | None,
    highest: float | None,
    *,
    treatment: str = "backbone (10)",
    **changes: Any,
) -> str:
    """Return a line of `evidence.csv`: by default of the backbone's AP against its baseline, one seed."""
    row = {
        "model": MODEL, "head": "one-to-many", "attach": None if quantity == "gain" else "head", "quantity": quantity,
        "measure": "ap", "treatment": treatment, "against": "all-but-head (22)" if quantity == "gain" else "original",
        "seeds": 1, "value": value, "images_low": lowest, "images_high": highest, "seeds_low": None, "seeds_high": None,
        "low": lowest, "high": highest, "by_construction": False, **changes,
    }  # fmt: skip
    return ",".join("" if row[name] is None else str(row[name]) for name in columns_of(EvidenceRow))


#: What its detectors cost: attach points by freeze point, with the parameters; operations are ten times as many.
COSTS = {22: {"head": 340}, 10: {"head": 340, "15": 410, "freeze-point": 460}}


def write_prices(folder: Path) -> None:
    """Write what the run's detectors cost, the original's being 290 parameters, and of two models 560."""
    rows = [
        [MODEL, arm_name(point, 0), "one-to-many", attach, 10, *(size, 10 * size, 2 * size), *(290, 2900, 580)]
        for point, of in COSTS.items()
        for attach, size in of.items()
    ]
    lines = [",".join(columns_of(PriceRow)), *(",".join(map(str, [*row, 560, 5600, 1120])) for row in rows)]
    (folder / "price.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_run(
    folder: Path,
    *,
    about: Mapping[str, Any] | None = None,
    target: Mapping[tuple[int, int, int], float | None] = TARGET,
    reference: Mapping[tuple[int, int, int], float | None] = REFERENCE,
    original: float | None = ORIGINAL,
    evidence: Sequence[str] = (),
) -> Path:
    """Write the tables of a run and return its folder; `evidence` are rows made by `evidence_row`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(about or manifest()), encoding="utf-8")
    tables = {
        "results.csv": [RESULTS, *result_rows(target, reference, original)],
        "gradients.csv": ["arm,epoch,step,module,norm,weight_norm,update_norm"]
        + [f"{arm_name(10, 0)},1,{step},model.12,{norm},1.0,0.1" for step, norm in ((1, 1.0), (2, 3.0), (3, 5.0))]
        + [f"{arm_name(10, 0)},1,1,model.3,,,", f"{arm_name(10, 0)},1,4,model.12,inf,1.0,0.1"]
        + [f"{arm_name(22, 0)},1,1,model.22,2.0,1.0,0.1"],
        "memory.csv": ["arm,kind,bytes,device,how"]
        + [
            f"{arm_name(point, 0)},{kind},{size},cpu,"
            for point, scale in ((22, 1), (10, 2))
            for kind, size in (
                ("parameters", 100), ("gradients", 10 * scale), ("optimizer", 20 * scale),
                ("saved_for_backward", 50 * scale), ("max_allocated", ""),
            )
        ],
        "times.csv": [
            "model,seed,arm,epoch,steps,seconds,utilisation",
            f"{MODEL},0,,1,4,2.0,",
            f"{MODEL},0,{arm_name(22, 0)},1,4,1.0,",
            f"{MODEL},0,{arm_name(22, 0)},2,4,3.0,",
            f"{MODEL},0,{arm_name(10, 0)},1,4,8.0,",
        ],
    }  # fmt: skip
    tables["evidence.csv"] = [",".join(columns_of(EvidenceRow)), *evidence]
    for name, lines in tables.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
