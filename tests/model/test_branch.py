import re

import pytest
import torch
from support.factories import tiny_original

from forgetbench.errors import FrozenChangedError
from forgetbench.model.branch import FrozenGuard, grow_branch, trunk_tensors
from forgetbench.model.parts import Parts


def test_modules_below_the_freeze_point_are_the_originals_own() -> None:
    original = tiny_original()
    branch = grow_branch(original, 15, ("a", "b"), seed=0, cls_remap=False, pretrained=True)
    for index in range(15):
        assert branch.model.model[index] is original.modules[index]
    for index in range(15, 22):
        assert branch.model.model[index] is not original.modules[index]
    assert not any(p.requires_grad for p in original.model.parameters())
    trainable = {name for name, p in branch.owned.named_parameters() if p.requires_grad}
    frozen = {name for name, p in branch.owned.named_parameters() if not p.requires_grad}
    assert frozen == {"7.dfl.conv.weight"}
    assert "0.cv1.conv.weight" in trainable


def test_training_mode_reaches_owned_modules_only() -> None:
    original = tiny_original()
    branch = grow_branch(original, 10, ("a",), seed=0, cls_remap=False, pretrained=True)
    branch.let_train(Parts(original).from_module(10))
    assert all(not module.training for module in original.modules)
    assert all(module.training for module in branch.owned.modules())


def test_only_what_is_named_is_let_train() -> None:
    original = tiny_original()
    branch = grow_branch(original, 10, ("a",), seed=0, cls_remap=False, pretrained=True)
    parts = Parts(original)
    affine, statistics = (parts.select([f"batchnorm-{kind}"], "test") for kind in ("affine", "statistics"))
    branch.let_train(affine)
    trainable = {name for name, parameter in branch.parameters().items() if parameter.requires_grad}
    assert trainable == {name for name in affine if parts[name].module >= 10}
    norms = [module for module in branch.owned.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert not any(norm.training for norm in norms)
    branch.let_train(statistics)
    assert not any(parameter.requires_grad for parameter in branch.parameters().values())
    assert all(norm.training for norm in norms)


def test_the_task_head_starts_the_same_at_every_freeze_point() -> None:
    original = tiny_original()
    deep = grow_branch(original, 22, ("a", "b"), seed=4, cls_remap=False, pretrained=True).state()
    shallow = grow_branch(original, 0, ("a", "b"), seed=4, cls_remap=False, pretrained=True).state()
    other = grow_branch(original, 22, ("a", "b"), seed=5, cls_remap=False, pretrained=True).state()
    assert all(key.startswith("model.22.") for key in deep)
    assert all(torch.equal(value, shallow[key]) for key, value in deep.items())
    assert not torch.equal(deep["model.22.cv3.0.2.weight"], other["model.22.cv3.0.2.weight"])


def test_without_pretrained_weights_nothing_is_the_originals() -> None:
    original = tiny_original()
    branch = grow_branch(original, 0, ("a", "b"), seed=1, cls_remap=False, pretrained=False)
    weight = "model.0.conv.weight"
    assert not torch.equal(branch.state()[weight], original.model.state_dict()[weight])


@pytest.mark.parametrize("tensor", ["bn.running_mean", "conv.weight"])
def test_a_changed_frozen_module_is_noticed(tensor: str) -> None:
    original = tiny_original()
    guard = FrozenGuard(trunk_tensors(original, 10))
    guard.check()
    with torch.no_grad():
        original.modules[3].state_dict()[tensor].view(-1)[0] += 1e-6  # too small for float16 to show
    with pytest.raises(FrozenChangedError, match=rf"model\.3\.{re.escape(tensor)}: a frozen tensor changed"):
        guard.check()


def test_modules_above_the_deepest_freeze_point_are_not_watched() -> None:
    original = tiny_original()
    guard = FrozenGuard(trunk_tensors(original, 10))
    with torch.no_grad():
        original.modules[12].state_dict()["cv1.conv.weight"].view(-1)[0] += 1.0
    guard.check()
