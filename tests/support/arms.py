"""Arms as a manifest records them."""

from typing import Any

from forgetbench.record.manifest import ArmRecord


def arm_record(arm: str, freeze_point: int, seed: int = 0, **changes: Any) -> ArmRecord:
    """Return the record of an arm of `freeze` that trained to its end; changes are fields of the record."""
    label = changes.get("label", str(freeze_point))
    made: Any = {
        "arm": arm, "model": "m", "freeze_point": freeze_point, "label": label, "method": label, "strategy": "freeze",
        "setting": None, "seed": seed, "train": {}, "trainable_parameters": 25, "parameters": 100,
        "trained_flops": 1e9, "flops": 2e9, "stopped": None, "skipped_steps": 0, "steps": 4, **changes,
    }  # fmt: skip
    record: ArmRecord = made
    return record
