"""A run written by hand with claims."""

from pathlib import Path
from typing import Any

from support import madeup_run

BACKBONE, HEAD = "backbone (10)", "all-but-head (22)"


def claim(quantity: str, *, against: str = "original", **changes: Any) -> dict[str, Any]:
    compared = [{"model": "yolo", "treatments": [BACKBONE], "against": against}]
    return {
        "name": "said", "says": "so", "source": "page 3", "quantity": quantity, "measure": "ap",
        "attach": "head" if quantity == "forgetting" else None, "below": None, "above": None, "of": "every",
        "compared": compared, **changes,
    }  # fmt: skip


def run(folder: Path, *claims: dict[str, Any]) -> Path:
    evidence = [
        madeup_run.evidence_row("forgetting", 0.2, 0.12, 0.27),
        madeup_run.evidence_row("forgetting", 0.0, 0.0, 0.0, attach="freeze-point", by_construction=True),
        madeup_run.evidence_row("gain", 0.15, 0.11, 0.19),
    ]
    return madeup_run.write_run(folder, about=madeup_run.manifest(claims=list(claims)), evidence=evidence)
