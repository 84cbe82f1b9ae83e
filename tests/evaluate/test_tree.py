"""Networks as a tree: what several start with stands once, and each gets its own predictions."""

import pytest
import torch
from support.factories import CLASSES, tiny_original

from forgetbench.evaluate.networks import ModuleShelf, Network
from forgetbench.evaluate.tree import Stretch, plant, twin, walk
from forgetbench.model.branch import grow_branch

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shelf() -> ModuleShelf:
    return ModuleShelf(tiny_original())


@pytest.fixture(scope="module")
def networks(shelf: ModuleShelf) -> list[Network]:
    """Return the original, a branch from 15 with its own head, and the same with the original's head."""
    branch = grow_branch(shelf.original, 15, CLASSES, seed=1, cls_remap=False, pretrained=True)
    tensors = {k: v * 0.9 if v.is_floating_point() and ".dfl." not in k else v for k, v in branch.state().items()}
    keys = shelf.put_branch(15, branch.owned, tensors)
    return [
        shelf.original_network("one-to-many"),
        shelf.task_network(15, keys, "one-to-many"),
        shelf.reference_network(15, keys, 22, "one-to-many"),
    ]


def sizes(stretches: tuple[Stretch, ...]) -> list[object]:
    """Return how many modules each stretch has, and those below it."""
    return [(len(one.modules), sizes(one.below)) if one.below else len(one.modules) for one in stretches]


def test_what_networks_share_stands_once(shelf: ModuleShelf, networks: list[Network]) -> None:
    made = plant(shelf, networks, 50, CPU)
    # 15 modules of all; the original's own 7 with its head; the branch's 7, on which two heads stand
    assert sizes(made) == [(15, [8, (7, [1, 1])])]
    assert [one.network for one in (made[0].below[0], *made[0].below[1].below)] == networks
    assert made[0].network is None
    assert sizes(plant(shelf, networks[:1], 50, CPU)) == [23]


def test_only_what_modules_below_take_is_kept(shelf: ModuleShelf, networks: list[Network]) -> None:
    (trunk,) = plant(shelf, networks, 50, CPU)
    above = {-1, 15, 18, 21}  # what modules below take of each other
    assert trunk.needed - above == {9, 12}  # concatenations at 20 and 17 take them; 4 and 6 were used up before
    assert trunk.kept - above == {4, 6, 9, 12}


def test_each_network_gets_what_it_gives_alone_also_on_a_twin(shelf: ModuleShelf, networks: list[Network]) -> None:
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        tree = plant(shelf, networks, 50, CPU)
        together, again = dict(walk(tree, images)), dict(walk(twin(tree), images))
        for network in networks:
            (alone,) = dict(walk(plant(shelf, [network], 50, CPU), images)).values()
            assert torch.equal(together[network], alone)
            assert torch.equal(again[network], alone)


def test_a_twin_shares_weights_but_no_heads(shelf: ModuleShelf, networks: list[Network]) -> None:
    (tree,) = plant(shelf, networks[:1], 50, CPU)
    (other,) = twin((tree,))
    assert other.modules[:-1] == tree.modules[:-1]
    assert other.modules[-1] is not tree.modules[-1]
    assert next(other.modules[-1].parameters()) is next(tree.modules[-1].parameters())
