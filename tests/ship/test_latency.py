"""Detectors are timed in turn; no test looks at how long they took."""

import torch

from forgetbench.ship.latency import WARM_UP, forward_of, measure


def test_each_runs_once_a_round_and_another_one_begins_each() -> None:
    called: list[str] = []
    shapes = []

    def detector(name: str) -> object:
        def run(image: torch.Tensor) -> None:
            called.append(name)
            shapes.append(tuple(image.shape))

        return run

    told: list[int] = []
    detectors = {name: detector(name) for name in ("a", "b", "c")}
    found = measure(detectors, "a", 32, torch.device("cpu"), rounds=4, advance=told.append)  # type: ignore[arg-type]
    assert len(called) == 3 * (WARM_UP + 4)
    rounds = ["".join(called[start : start + 3]) for start in range(3 * WARM_UP, len(called), 3)]
    assert rounds == ["abc", "bca", "cab", "abc"]
    assert set(shapes) == {(1, 3, 32, 32)}
    assert told == [0] * (WARM_UP) + [1, 2, 3, 4]
    assert set(found) == {"a", "b", "c"}
    assert found["a"].ratio == 1
    assert all(one.low <= one.median <= one.high for one in found.values())


def test_a_forward_is_the_networks_own() -> None:
    from support.factories import tiny_original

    from forgetbench.model import yolo

    original = tiny_original("yolov8")
    run = forward_of(original.modules, yolo.saved_indices(original.model), torch.device("cpu"), one_to_one=False)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(run(image)[0], original.model(image)[0], rtol=1e-3, atol=1e-3)  # type: ignore[index]
