"""What a suite says of data."""

import pytest
from support.suites import load

from forgetbench.suite.data_section import Data


def test_a_card_needs_no_other_key() -> None:
    assert load(target={"card": "fruit", "limit": 3}).target.card == "fruit"


def test_parts_of_data_are_names_or_lists_of_names() -> None:
    data = load(target__train=["2007", "2012"], target__evaluate="test").target
    assert (data.splits("train"), data.splits("evaluate")) == (("2007", "2012"), ("test",))
    assert load().target.splits("train") == ()


def test_data_are_complete_with_a_card_or_a_format() -> None:
    with pytest.raises(ValueError, match="format"):
        Data()
    with pytest.raises(ValueError, match="format 'voc' needs 'path'"):
        Data(format="voc")
    assert Data(format="shapes", world="fine", train_images=1, evaluate_images=1).is_drawn
    assert not Data(format="voc", path="x").is_drawn
