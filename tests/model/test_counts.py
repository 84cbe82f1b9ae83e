"""What detectors cost is what their files cost: counted module by module, and on the combined model as a whole."""

import pytest
import torch
from support.factories import FAMILIES, tiny_original

from forgetbench.evaluate.networks import ModuleStore
from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.combined import combine, combine_classes
from forgetbench.model.counts import count_detectors
from forgetbench.model.layers import count_flops
from forgetbench.model.original import Original

TARGET = ("ring", "disc")


def parameters(model: yolo.Yolo) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_parts_add_up_to_the_combined_detector(family: str) -> None:
    original = tiny_original(family)
    branch = grow_branch(original, 0, TARGET, seed=0, cls_remap=False, pretrained=True)
    store = ModuleStore(original)
    keys = store.put_branch(0, branch.owned, branch.state())
    for head in ("one-to-many", "one-to-one") if yolo.has_two_heads(original.model) else ("one-to-many",):
        one_to_one = head == "one-to-one"
        found = count_detectors(original, branch.owned[-1], 64, one_to_one=one_to_one)
        attach = original.head - 2
        own = store.modules_of(store.task_network(0, keys, head))
        classes = combine_classes(original.classes, TARGET, merge=False, suffix="mine")
        whole = combine(original, own, 0, attach, classes, one_to_one=one_to_one)
        values = whole.state_dict().values()
        size = sum(value.numel() * (2 if value.is_floating_point() else value.element_size()) for value in values)
        fused = whole.fuse(verbose=False)
        parts = [*found.trunk, *found.trunk[attach:], found.both]
        assert sum(part.flops for part in parts) == sum(count_flops(fused, 64))
        assert sum(part.parameters for part in parts) == parameters(fused)
        assert sum(part.bytes for part in parts) == size


def test_the_original_alone_costs_what_it_costs_without_the_stacks_it_does_not_use() -> None:
    original = tiny_original("yolov10")
    head = grow_branch(original, 0, TARGET, seed=0, cls_remap=False, pretrained=True).owned[-1]
    one, many = (count_detectors(original, head, 64, one_to_one=kind) for kind in (True, False))
    assert one.original == many.original  # both kinds of stacks are built alike
    whole = sum(value.numel() for value in original.modules[-1].state_dict().values()) * 2
    assert one.original.bytes < 0.6 * whole
    alone = fused_original(original, one_to_one=True)
    assert sum(part.flops for part in (*one.trunk, one.original)) == sum(count_flops(alone, 64))


def fused_original(original: Original, *, one_to_one: bool) -> yolo.Yolo:
    """Return an original as Ultralytics runs it."""
    model = yolo.modules_of(original.model)
    made = torch.nn.Module()
    made.model = torch.nn.Sequential(*(yolo.fused_for_inference(module, one_to_one) for module in model))
    made.save, made.stride = original.model.save, original.model.stride
    return made


def test_larger_images_cost_more_and_sides_are_whole_strides() -> None:
    original = tiny_original("yolov8")
    head = grow_branch(original, 0, TARGET, seed=0, cls_remap=False, pretrained=True).owned[-1]
    flops = {
        imgsz: [part.flops for part in count_detectors(original, head, imgsz, one_to_one=False).trunk]
        for imgsz in (33, 64, 128)
    }
    assert flops[33] == flops[64]
    assert flops[128] == [4 * value for value in flops[64]]
