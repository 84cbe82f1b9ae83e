"""Claims for suites of tests."""

from typing import Any

RETENTION: dict[str, Any] = {
    "name": "retention", "says": "nothing is lost", "source": "page 1", "quantity": "forgetting", "attach": "head",
    "below": 0.001,
}  # fmt: skip
GAIN: dict[str, Any] = {
    "name": "deeper", "says": "deeper is better", "source": "page 2", "quantity": "gain", "arms": [10, "none", 15],
    "above": 0.0,
}  # fmt: skip
