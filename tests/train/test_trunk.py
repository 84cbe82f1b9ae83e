"""The frozen trunk: how deep it runs, what of it is handed on, and proof that it rests."""

from typing import Any

import pytest
import torch
from support.factories import quick_train, tiny_original
from support.strategies.distil import OldHead
from support.strategies.features import Features

from forgetbench.device import pick_precision
from forgetbench.errors import FrozenChangedError
from forgetbench.model import yolo
from forgetbench.model.parts import Parts
from forgetbench.train.recipe import Recipe
from forgetbench.train.stopwatch import Stopwatch
from forgetbench.train.strategies.base import Strategy
from forgetbench.train.trunk import FrozenTrunk, outputs_kept

ORIGINAL = tiny_original()
PARTS = Parts(ORIGINAL)
FLOAT32 = pick_precision(torch.device("cpu"), amp=False)


def recipe(freeze_point: int, *strategies: Strategy) -> Recipe:
    return Recipe(PARTS, freeze_point, quick_train(), strategies=list(strategies))


def test_it_runs_to_the_deepest_freeze_point_and_keeps_what_branches_begin_with() -> None:
    trunk = FrozenTrunk(ORIGINAL, [recipe(4), recipe(12)], FLOAT32, Stopwatch(torch.device("cpu")))
    batch: dict[str, Any] = {"img": torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))}
    shared = trunk.share(batch, 3, 1)
    assert (shared.epoch, shared.number, shared.batch) == (3, 1, batch)
    assert {3, 11} <= shared.trunk.keys()
    assert max(shared.trunk) == 11
    assert shared.trunk[-1] is batch["img"]
    with torch.no_grad():
        outputs: dict[int, torch.Tensor] = {}
        yolo.run_modules(ORIGINAL.modules[:12], outputs, batch["img"], frozenset(range(12)))
    assert torch.equal(shared.trunk[11], outputs[11])
    assert not shared.trunk[11].requires_grad


def test_a_branch_keeps_what_others_take_and_what_its_strategies_look_at() -> None:
    taken = yolo.saved_indices(ORIGINAL.model)
    assert outputs_kept(ORIGINAL.model, recipe(4)) == taken
    assert outputs_kept(ORIGINAL.model, recipe(4, OldHead(1.0, PARTS, "a"))) == taken | {15, 18, 21}
    assert 13 in outputs_kept(ORIGINAL.model, recipe(4, Features(13, PARTS, "a")))


def test_a_changed_weight_of_the_trunk_is_found_and_one_above_is_not() -> None:
    original = tiny_original()
    trunk = FrozenTrunk(original, [recipe(4)], FLOAT32, Stopwatch(torch.device("cpu")))
    state = original.model.state_dict()
    state["model.4.cv1.conv.weight"].view(-1)[0] += 1
    trunk.check()
    state["model.3.bn.running_var"][0] += 1
    with pytest.raises(FrozenChangedError, match=r"model\.3\.bn\.running_var"):
        trunk.check()
