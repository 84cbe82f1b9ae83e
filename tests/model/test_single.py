"""A detector of one network, by whichever of its heads."""

import pytest
import torch
from support.factories import tiny_original

from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.single import single

TARGET = ("ring", "disc")


@pytest.mark.parametrize("one_to_one", [False, True])
def test_it_is_the_network_with_its_classes_and_both_heads(one_to_one: bool) -> None:
    original = tiny_original("yolo26")
    branch = grow_branch(original, original.neck, TARGET, seed=1, cls_remap=False, pretrained=True)
    model = single(original, yolo.modules_of(branch.model), TARGET, one_to_one=one_to_one)
    assert (model.names, model.yaml["nc"], original.model.yaml["nc"]) == ({0: "ring", 1: "disc"}, 2, 3)
    assert original.model.names == {0: "disc", 1: "box", 2: "bar"}
    assert yolo.has_two_heads(model)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        modules = [yolo.fused_for_inference(one, one_to_one) for one in yolo.modules_of(branch.model)]
        expected = yolo.run_modules(modules, {}, images, yolo.saved_indices(original.model))[0]
        found = model.fuse(verbose=False)(images)[0]
    assert found.shape == ((1, 84, 6) if one_to_one else (1, 4 + 2, 84))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
