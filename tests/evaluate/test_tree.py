"""Networks as a tree: what several start with stands once, and each gets its own predictions."""

import pytest
import torch
from support.factories import CLASSES, tiny_original

from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.tree import Segment, build_tree, copy_for_thread, walk
from forgetbench.model.branch import grow_branch

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def store() -> ModuleStore:
    return ModuleStore(tiny_original())


@pytest.fixture(scope="module")
def networks(store: ModuleStore) -> list[Network]:
    """Return the original, a branch from 15 with its own head, and the same with the original's head."""
    branch = grow_branch(store.original, 15, CLASSES, seed=1, cls_remap=False, pretrained=True)
    tensors = {k: v * 0.9 if v.is_floating_point() and ".dfl." not in k else v for k, v in branch.state().items()}
    keys = store.put_branch(15, branch.owned, tensors)
    return [
        store.original_network("one-to-many"),
        store.task_network(15, keys, "one-to-many"),
        store.reference_network(15, keys, 22, "one-to-many"),
    ]


def sizes(stretches: tuple[Segment, ...]) -> list[object]:
    """Return how many modules each stretch has, and those below it."""
    return [(len(one.modules), sizes(one.below)) if one.below else len(one.modules) for one in stretches]


def test_what_networks_share_stands_once(store: ModuleStore, networks: list[Network]) -> None:
    made = build_tree(store, networks, 50, CPU)
    # 15 modules of all; the original's own 7 with its head; the branch's 7, on which two heads stand
    assert sizes(made) == [(15, [8, (7, [1, 1])])]
    assert [one.network for one in (made[0].below[0], *made[0].below[1].below)] == networks
    assert made[0].network is None
    assert sizes(build_tree(store, networks[:1], 50, CPU)) == [23]


def test_only_what_modules_below_take_is_kept(store: ModuleStore, networks: list[Network]) -> None:
    (trunk,) = build_tree(store, networks, 50, CPU)
    above = {-1, 15, 18, 21}  # what modules below take of each other
    assert trunk.needed - above == {9, 12}  # concatenations at 20 and 17 take them; 4 and 6 were used up before
    assert trunk.kept - above == {4, 6, 9, 12}


def test_each_network_gets_what_it_gives_alone_also_on_a_twin(store: ModuleStore, networks: list[Network]) -> None:
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        tree = build_tree(store, networks, 50, CPU)
        together, again = dict(walk(tree, images)), dict(walk(copy_for_thread(tree), images))
        for network in networks:
            (alone,) = dict(walk(build_tree(store, [network], 50, CPU), images)).values()
            assert torch.equal(together[network], alone)
            assert torch.equal(again[network], alone)


def test_a_twin_shares_weights_but_no_heads(store: ModuleStore, networks: list[Network]) -> None:
    (tree,) = build_tree(store, networks[:1], 50, CPU)
    (other,) = copy_for_thread((tree,))
    assert other.modules[:-1] == tree.modules[:-1]
    assert other.modules[-1] is not tree.modules[-1]
    assert next(other.modules[-1].parameters()) is next(tree.modules[-1].parameters())
