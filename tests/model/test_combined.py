"""Two detectors in one file: each of its halves is the network that it came from."""

import pytest
import torch
from support.factories import FAMILIES, tiny_original
from torch import Tensor

from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model import yolo
from forgetbench.model.branch import grow_branch
from forgetbench.model.combined import SILENT, combine, combine_classes
from forgetbench.model.original import Original
from forgetbench.suite.kinds import HeadMode

TARGET = ("ring", "disc")


def test_classes_of_one_name_are_kept_apart_or_merged() -> None:
    apart = combine_classes(("disc", "box", "bar"), TARGET, merge=False, suffix="mine")
    assert apart.names == ("disc", "box", "bar", "ring", "disc (mine)")
    assert (apart.reference, apart.target) == ((0, 1, 2), (3, 4))
    merged = combine_classes(("disc", "box", "bar"), TARGET, merge=True, suffix="mine")
    assert merged.names == ("disc", "box", "bar", "ring")
    assert (merged.reference, merged.target) == ((0, 1, 2), (3, 0))


def test_a_suffixed_name_that_exists_gets_another() -> None:
    found = combine_classes(("a", "a (x)"), ("a",), merge=False, suffix="x")
    assert found.names == ("a", "a (x)", "a (x) (x)")


def detected(store: ModuleStore, network: Network, images: Tensor) -> Tensor:
    """Return what a network gives, by its own modules run one after the other."""
    one_to_one = network.head == "one-to-one"
    modules = [store.fused(key, one_to_one) for key in network.modules]
    with torch.inference_mode():
        output: Tensor = yolo.run_modules(modules, {}, images, yolo.saved_indices(store.original.model))[0]
    return output


def halves_match(original: Original, freeze_point: int, attach: int) -> None:
    """Check that one-to-many outputs of a combined detector are those of the two networks that a run scores."""
    store = ModuleStore(original)
    branch = grow_branch(original, freeze_point, TARGET, seed=1, cls_remap=False, pretrained=True)
    for parameter in branch.parameters().values():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    keys = store.put_branch(freeze_point, branch.owned, branch.state())
    task = store.task_network(freeze_point, keys, "one-to-many")
    reference = store.reference_network(freeze_point, keys, attach, "one-to-many")
    classes = combine_classes(original.classes, TARGET, merge=False, suffix="mine")
    own = store.modules_of(task)[freeze_point:]
    model = combine(original, own, freeze_point, attach, classes, one_to_one=False)
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both: Tensor = model.fuse(verbose=False)(images)[0]
    of_task, of_reference = detected(store, task, images), detected(store, reference, images)
    anchors = of_task.shape[2]
    assert both.shape == (2, 4 + 5, 2 * anchors)
    torch.testing.assert_close(both[:, :4, :anchors], of_task[:, :4], rtol=0, atol=1e-3)
    torch.testing.assert_close(both[:, [7, 8], :anchors], of_task[:, 4:], rtol=0, atol=1e-5)
    torch.testing.assert_close(both[:, :4, anchors:], of_reference[:, :4], rtol=0, atol=1e-3)
    torch.testing.assert_close(both[:, [4, 5, 6], anchors:], of_reference[:, 4:], rtol=0, atol=1e-5)
    silent = torch.sigmoid(torch.tensor(SILENT))
    assert torch.equal(both[:, [4, 5, 6], :anchors], silent.expand(2, 3, anchors))
    assert torch.equal(both[:, [7, 8], anchors:], silent.expand(2, 2, anchors))
    assert model.names == dict(enumerate(classes.names))
    assert [module.i for module in yolo.modules_of(model)] == list(range(len(model.model)))
    assert len(model.model) == original.head + 1 + original.head - attach + (attach == 0)


@pytest.mark.parametrize("attach", [10, 12, 15, 22])
def test_each_half_is_the_network_that_the_run_scores(attach: int) -> None:
    halves_match(tiny_original(), 10, attach)


@pytest.mark.parametrize("freeze_point", [0, 22])
def test_with_everything_or_the_head_alone_adapted(freeze_point: int) -> None:
    halves_match(tiny_original(), freeze_point, freeze_point)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family(family: str) -> None:
    original = tiny_original(family)
    halves_match(original, original.neck, original.neck + 3)


@pytest.mark.parametrize("family", ["yolov10", "yolo26"])
@pytest.mark.parametrize("head", ["one-to-one", "one-to-many"])
def test_of_two_heads_the_chosen_one_is_in_the_file(family: str, head: HeadMode) -> None:
    original = tiny_original(family)
    store, freeze_point = ModuleStore(original), original.neck
    branch = grow_branch(original, freeze_point, TARGET, seed=1, cls_remap=False, pretrained=True)
    keys = store.put_branch(freeze_point, branch.owned, branch.state())
    task = store.task_network(freeze_point, keys, head)
    classes = combine_classes(original.classes, TARGET, merge=False, suffix="mine")
    model = combine(
        original, store.modules_of(task)[freeze_point:], freeze_point, original.head, classes,
        one_to_one=head == "one-to-one",
    )  # fmt: skip
    joined: yolo.Yolo = yolo.modules_of(model)[-1]
    assert joined.end2end is (head == "one-to-one")
    yolo.set_max_detections(joined, 10_000)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both: Tensor = model.fuse(verbose=False)(images)[0]
    alone = detected(store, task, images)
    if head == "one-to-many":
        anchors = alone.shape[2]
        assert both.shape == (1, 4 + 5, 2 * anchors)
        torch.testing.assert_close(both[:, [7, 8], :anchors], alone[:, 4:], rtol=0, atol=1e-6)
    else:
        ours = both[0][both[0, :, 5] >= 3]
        assert ours[:20, 4].tolist() == pytest.approx(alone[0, :20, 4].tolist(), abs=1e-6)
        torch.testing.assert_close(ours[:5, :4], alone[0, :5, :4], rtol=0, atol=1e-3)
