"""Differences found by what they compare."""

from dataclasses import asdict

import pandas as pd

from forgetbench.analyse.evidence_table import EvidenceTable
from forgetbench.record.rows.differences import EvidenceRow


def row(**changes: object) -> EvidenceRow:
    cells = {
        "model": "m", "head": "one-to-many", "attach": None, "quantity": "gain", "measure": "ap",
        "treatment": "15", "against": "22", "seeds": 2, "value": 0.1, "images_low": 0.05, "images_high": 0.2,
        "seeds_low": None, "seeds_high": 0.3, "low": 0.05, "high": 0.2, "by_construction": False,
    }  # fmt: skip
    return EvidenceRow(**{**cells, **changes})  # type: ignore[arg-type]


def table(*rows: EvidenceRow) -> EvidenceTable:
    return EvidenceTable(pd.DataFrame([asdict(one) for one in rows]).astype(object))


def test_a_difference_is_found_either_way_round() -> None:
    made = table(row(), row(measure="ap50", value=0.3))
    found = made.find("m", "one-to-many", None, "gain", "15", "22")
    assert found is not None
    assert (found.value, found.low, found.high) == (0.1, 0.05, 0.2)
    turned = made.find("m", "one-to-many", None, "gain", "22", "15")
    assert turned is not None
    assert (turned.treatment, turned.against) == ("22", "15")
    assert (turned.value, turned.low, turned.high) == (-0.1, -0.2, -0.05)
    assert (turned.images_low, turned.images_high, turned.seeds_low, turned.seeds_high) == (-0.2, -0.05, -0.3, None)
    other = made.find("m", "one-to-many", None, "gain", "15", "22", "ap50")
    assert other is not None
    assert other.value == 0.3


def test_nothing_lost_is_nothing_the_other_way_round() -> None:
    found = table(row(value=0.0)).find("m", "one-to-many", None, "gain", "22", "15")
    assert found is not None
    assert str(found.value) == "0.0"


def test_what_was_not_measured_is_none() -> None:
    made = table(row(), row(head="one-to-one"), row(model="n", head="x"))
    assert made.find("m", "one-to-many", None, "forgetting", "15", "22") is None
    assert made.find("m", "one-to-many", "head", "gain", "15", "22") is None
    assert made.heads("m") == ["one-to-many", "one-to-one"]
    assert made.heads("absent") == []
