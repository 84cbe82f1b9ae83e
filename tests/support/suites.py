"""The smallest complete suite, changed, as a mapping; what it loads to, or what is wrong with it."""

from typing import Any

import pytest

from forgetbench.errors import SuiteError
from forgetbench.suite.load import suite_from_mapping
from forgetbench.suite.schema import Suite


def mapping(**changes: Any) -> dict[str, Any]:
    """Return the smallest complete suite, changed; `train__epochs` reaches into a section, `...` leaves a key out."""
    content: dict[str, Any] = {
        "name": "small",
        "models": ["yolov8n.pt"],
        "target": {"format": "yolo", "path": "target"},
        "reference": {"format": "yolo", "path": "reference"},
        "freeze_points": ["all-but-head", 15],
        "train": {"epochs": 3, "optimizer": "AdamW", "lr0": 0.001},
    }
    for key, value in changes.items():
        *sections, leaf = key.split("__")
        section = content
        for name in sections:
            section = section.setdefault(name, {})
        if value is ...:
            del section[leaf]
        else:
            section[leaf] = value
    return content


def problem(**changes: Any) -> str:
    with pytest.raises(SuiteError) as caught:
        suite_from_mapping(mapping(**changes), where="here")
    return str(caught.value)


def load(**changes: Any) -> Suite:
    return suite_from_mapping(mapping(**changes))
