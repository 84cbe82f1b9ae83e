"""Networks that tell BatchNorm statistics from weights, composed of modules filled by hand."""

import pytest
import torch
from support.factories import CLASSES, tiny_original

from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.model.branch import grow_branch
from forgetbench.model.original import Original, as_stored
from forgetbench.model.parts import statistics_of

POINT = 15


@pytest.fixture(scope="module")
def original() -> Original:
    return tiny_original()


def adapted(store: ModuleStore, *, weights: float = 0.5, statistics: float = 2.0) -> Network:
    """Return a reference network whose modules from 15 on have weights and statistics times a factor."""
    branch = grow_branch(store.original, POINT, CLASSES, seed=1, cls_remap=False, pretrained=True)
    tensors = {
        key: value * (statistics if ".running_" in key else weights) if value.is_floating_point() else value + 7
        for key, value in branch.state().items()
    }
    owned = store.put_branch(POINT, branch.owned, as_stored(tensors))
    return store.reference_network(POINT, owned, store.original.head, "one-to-many")


def parts(store: ModuleStore, network: Network) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return a network's parameters and statistics by name, as they are stored."""
    modules = store.modules_of(network)
    return (
        {f"{i}.{name}": p for i, m in enumerate(modules) for name, p in m.named_parameters()},
        {f"{i}.{name}": tensor for i, m in enumerate(modules) for name, tensor in statistics_of(m).items()},
    )


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    assert first.keys() == second.keys()
    return all(torch.equal(first[name].half(), second[name].half()) for name in first)


def test_statistics_alone_puts_every_weight_back_and_no_statistic(original: Original) -> None:
    store = ModuleStore(original)
    network = adapted(store)
    weights, statistics = parts(store, store.with_statistics_alone(network))
    before, after = parts(store, store.original_network("one-to-many")), parts(store, network)
    assert equal(weights, before[0])
    assert equal(statistics, after[1])
    assert not equal(statistics, before[1])


def test_weights_alone_puts_every_statistic_back_and_no_weight(original: Original) -> None:
    store = ModuleStore(original)
    network = adapted(store)
    weights, statistics = parts(store, store.with_weights_alone(network))
    before, after = parts(store, store.original_network("one-to-many")), parts(store, network)
    assert equal(weights, after[0])
    assert equal(statistics, before[1])
    assert not equal(weights, before[0])


def test_what_did_not_move_is_no_other_network(original: Original) -> None:
    store = ModuleStore(original)
    untouched = store.original_network("one-to-many")
    assert store.with_statistics_alone(untouched) == store.with_weights_alone(untouched) == untouched
    only_statistics = adapted(store, weights=1.0)
    assert store.with_weights_alone(only_statistics) == untouched
    assert store.with_statistics_alone(only_statistics) == only_statistics
    network = adapted(store)
    assert network.modules[:POINT] == store.with_weights_alone(network).modules[:POINT] == untouched.modules[:POINT]
    assert store.with_weights_alone(network).modules[-1] == untouched.modules[-1]


def test_the_original_stays_as_it_was(original: Original) -> None:
    before = original.weights_hash()
    store = ModuleStore(original)
    network = adapted(store)
    store.with_statistics_alone(network)
    store.with_weights_alone(network)
    assert original.weights_hash() == before
