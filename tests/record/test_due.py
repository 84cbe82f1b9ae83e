"""After which epochs weights are kept."""

import pytest

from forgetbench.record.due import checkpoint_epochs, is_due


def test_every_so_many_epochs_and_after_the_last() -> None:
    assert [epoch for epoch in range(1, 11) if is_due(epoch, 4, 10)] == [4, 8, 10]


@pytest.mark.parametrize(
    ("trained", "diverged", "kept"),
    [(10, False, [4, 8, 10]), (9, False, [4, 8]), (8, True, [4]), (10, True, [4, 8]), (1, True, []), (3, False, [])],
)
def test_an_arm_that_ended_early_has_those_it_reached(trained: int, diverged: bool, kept: list[int]) -> None:
    assert checkpoint_epochs(trained, 4, 10, diverged=diverged) == kept
