from functools import cache

import pytest
from safetensors.torch import load
from support.factories import CLASSES, FAMILIES, tiny_original

from forgetbench.data.formats.coco.coco80 import COCO_NAMES
from forgetbench.model import blank as module
from forgetbench.model.blank import Blank, Blanks
from forgetbench.model.branch import Branch, grow_branch
from forgetbench.model.checkpoint import CheckpointInfo, save_checkpoint
from forgetbench.model.layers import count_flops
from forgetbench.model.original import Original

POINTS = (0, 9, 15)


@cache
def original_of(family: str) -> Original:
    return tiny_original(family, COCO_NAMES)


def branch_of(original: Original, point: int, *, pretrained: bool) -> Branch:
    return grow_branch(original, point, CLASSES, seed=1, cls_remap=False, pretrained=pretrained)


@pytest.mark.parametrize("pretrained", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_blank_is_counted_as_the_branch_is(family: str, pretrained: bool) -> None:
    original = original_of(family)
    blank = Blank(original, len(CLASSES), pretrained=pretrained)
    for point in (*POINTS, original.head):
        owned = branch_of(original, point, pretrained=pretrained).parameters()
        counted = blank.parts.parameters(blank.parts.from_module(point))
        assert counted == sum(parameter.numel() for parameter in owned.values())


def test_heads_are_as_wide_as_where_they_start_from() -> None:
    original = tiny_original(classes=COCO_NAMES)
    pretrained, scratch = (Blank(original, len(CLASSES), pretrained=start) for start in (True, False))
    stacks = [blank.modules[-1].state_dict() for blank in (pretrained, scratch)]
    first, last = "cv3.0.0.conv.weight", "cv3.0.2.weight"
    widths = [(len(stack[first]), tuple(stack[last].shape[:2])) for stack in stacks]
    # as many channels as the original has for 80 classes, as it would have for three; a row of weights per class
    narrow = len(tiny_original().modules[-1].state_dict()[first])
    assert widths == [(80, (3, 80)), (narrow, (3, narrow))]
    assert narrow < 80
    whole = [blank.parts.parameters() for blank in (pretrained, scratch)]
    last_rows = 3 * (80 + 1) * (80 - 3)  # on three scales, 77 rows fewer of 80 weights and a bias
    assert whole[0] == Blank(original, 80, pretrained=True).parts.parameters() - last_rows
    assert whole[1] < whole[0]


def test_operations_are_those_of_the_head_that_trains() -> None:
    original = tiny_original(classes=COCO_NAMES)
    blank = Blank(original, len(CLASSES), pretrained=True)
    own, counted = count_flops(original.model, 64), blank.flops(64)
    assert counted[:-1] == own[:-1]
    # the last 1x1 convolutions of the class stacks lose 77 of 80 rows, at 8x8, 4x4 and 2x2 places
    assert own[-1] - counted[-1] == 2 * 77 * 80 * (64 + 16 + 4)


@pytest.mark.parametrize("pretrained", [True, False])
def test_checkpoints_take_the_bytes_that_were_counted(
    pretrained: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    original = tiny_original("yolov10", COCO_NAMES)
    blank = Blank(original, len(CLASSES), pretrained=pretrained)
    for point in (*POINTS, original.head):
        path = tmp_path_factory.mktemp("checkpoint") / "epoch-001.safetensors"
        tensors = branch_of(original, point, pretrained=pretrained).state()
        save_checkpoint(path, CheckpointInfo("a", 1, point, "", CLASSES), tensors)
        stored = load(path.read_bytes()).values()
        assert blank.checkpoint_bytes(point) == sum(tensor.numel() * tensor.element_size() for tensor in stored)


def test_a_blank_is_made_once_per_model_and_start(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counting(*arguments: object, **named: object) -> Branch:
        made.append(named["pretrained"])
        return grow_branch(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "grow_branch", counting)
    blanks = Blanks({"a": tiny_original()}, 2)
    assert blanks.of("a", pretrained=True) is blanks.of("a", pretrained=True)
    assert blanks.of("a", pretrained=False) is not blanks.of("a", pretrained=True)
    assert made == [True, False]


def test_without_known_classes_the_originals_own_are_counted() -> None:
    original = tiny_original(classes=COCO_NAMES)
    own = sum(p.numel() for name, p in original.model.named_parameters() if ".dfl." not in name)
    assert Blanks({"a": original}, None).of("a", pretrained=True).parts.parameters() == own
