from typing import Any

import pytest
from support.factories import quick_train, tiny_original

from forgetbench.errors import SuiteError
from forgetbench.model.parts import Parts
from forgetbench.train.recipe import Recipe
from forgetbench.train.strategies import known_strategies, make_strategies, strategies_schema

PARTS = Parts(tiny_original())


def recipe(freeze_point: int = 0, *, epochs: int = 4, pretrained: bool = True, **strategy: Any) -> Recipe:
    named = {name.replace("_", "-"): options for name, options in strategy.items()}
    made = make_strategies(named, PARTS, "arms[0].strategy")
    return Recipe(
        PARTS, freeze_point, quick_train(epochs=epochs), pretrained=pretrained, strategies=made, where="arms[0]"
    )


def test_a_freeze_point_alone_trains_all_from_there_in_every_epoch() -> None:
    made = recipe(10)
    assert made.freeze_point == 10  # which holds no parameters
    assert made.trained(1) == made.trained(4) == made.ever_trained == PARTS.from_module(12)
    assert [made.turns(epoch) for epoch in range(1, 5)] == [True, False, False, False]


def test_only_raises_the_freeze_point_to_the_first_module_that_trains() -> None:
    made = recipe(only=["class"])
    assert made.freeze_point == 22
    assert made.ever_trained == PARTS.select(["class"], "")
    assert made.trained_parameters == PARTS.parameters(PARTS.select(["class"], ""))


def test_freeze_and_only_are_taken_together() -> None:
    made = recipe(10, only=["neck", "head"], freeze=["batchnorm-statistics"])
    assert made.freeze_point == 12
    assert made.ever_trained == PARTS.from_module(10) - PARTS.select(["batchnorm-statistics"], "")


def test_unfreezing_goes_down_at_the_epochs_named() -> None:
    made = recipe(22, unfreeze={2: 15, 4: "none"})
    assert [min(PARTS[name].module for name in made.trained(epoch)) for epoch in (1, 2, 3, 4)] == [22, 15, 15, 0]
    assert made.freeze_point == 0
    assert [made.turns(epoch) for epoch in range(1, 5)] == [True, True, False, True]


def test_patience_may_begin_when_the_last_part_is_unfrozen() -> None:
    assert recipe(22, unfreeze={2: 15, 3: 10}).last_turn == 3
    assert recipe(22).last_turn == 1


def test_rates_multiply() -> None:
    made = recipe(rates={"0-3": 0.1, 4: 0.5}, layerwise=0.5)
    assert made.rate("model.22.cv2.0.2.bias") == 1.0
    assert made.rate("model.21.cv1.conv.weight") == 0.5
    assert made.rate("model.19.conv.weight") == 0.25  # module 20 holds no parameters
    deeper = [part.module for part in PARTS if part.module > 4]
    assert made.rate("model.4.cv1.conv.weight") == pytest.approx(0.5 * 0.5 ** len(set(deeper)))
    assert made.rate("model.3.conv.weight") == pytest.approx(0.1 * 0.5 ** (len(set(deeper)) + 1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"freeze": ["backbone", "neck", "head"]}, r"arms\[0\]: nothing is left to train in epoch 1"),
        ({"only": ["batchnorm-statistics"]}, "at least one parameter; statistics alone have no gradient"),
        ({"freeze_point": 22, "only": ["neck"], "unfreeze": {2: 15}}, "nothing is left to train in epoch 1"),
        ({"pretrained": False, "freeze_point": 10}, r"arms\[0\]: random weights cannot be frozen"),
        ({"pretrained": False, "freeze": ["batchnorm"]}, "random weights cannot be frozen"),
        ({"only": []}, r"strategy.only: wrong options; expected a list, each a module index.*found \[\]"),
        ({"only": "class"}, "wrong options"),
        ({"unfreez": {2: 0}}, r"strategy.unfreez: unknown strategy.*Did you mean 'unfreeze'"),
        ({"unfreeze": {1: 0}}, r"wrong options; expected a mapping from epochs"),
        ({"unfreeze": {2: 40}}, "freeze point '40' lies beyond the detection head"),
        ({"unfreeze": {2: "necks"}}, "wrong options"),
        ({"layerwise": 1.5}, "expected a factor above 0 and at most 1, found 1.5"),
        ({"rates": {"backbone": 0}}, "wrong options"),
        ({"rates": {"head": 0.1, "class": 0.5}}, "'class' gives model.22.cv3.* another factor than an entry before it"),
        ({"unfreeze": {2: 15, 5: 0}}, "epoch 5 never comes; expected an epoch up to 4"),
        ({"l2_sp": 0.1, "pretrained": False}, "l2-sp needs pretrained weights"),
        ({"l2_sp": float("inf")}, "wrong options"),
    ],
)
def test_what_cannot_be_trained_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SuiteError, match=said) as caught:
        recipe(**changes)
    assert "\n" not in str(caught.value)


def test_every_strategy_is_described_for_editors() -> None:
    described = strategies_schema()["properties"]
    assert set(described) == set(known_strategies()) == {"only", "freeze", "unfreeze", "rates", "layerwise", "l2-sp"}
    assert all(schema["description"].endswith((".", ":")) or schema["description"] for schema in described.values())
