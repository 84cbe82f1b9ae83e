"""Values read together: as they were when they were noted, in the order in which they were noted."""

import pytest
import torch

from forgetbench.train import readings
from forgetbench.train.readings import Readings


def test_numbers_are_those_of_then_and_come_in_order_at_once() -> None:
    made, taken = Readings(), list[tuple[str, list[float]]]()
    value = torch.tensor(0.1)
    made.note([value, torch.tensor([2.0], dtype=torch.float64)], lambda numbers: taken.append(("first", numbers)))
    value.fill_(7.0)
    made.note([], lambda numbers: taken.append(("nothing", numbers)))
    made.note([value.half()], lambda numbers: taken.append(("last", numbers)))
    assert taken == []
    made.read()
    assert taken == [("first", [float(torch.tensor(0.1)), 2.0]), ("nothing", []), ("last", [7.0])]
    made.read()
    assert len(taken) == 3


def test_what_is_not_a_number_stays_what_it_is() -> None:
    made, taken = Readings(), list[float]()
    made.note([torch.tensor(float("inf")), torch.tensor(float("nan"))], taken.extend)
    made.read()
    assert taken[0] == float("inf")
    assert taken[1] != taken[1]


def test_a_value_that_gradients_pass_through_is_only_looked_at() -> None:
    made, taken = Readings(), list[float]()
    weight = torch.tensor(3.0, requires_grad=True)
    made.note([weight * 2], taken.extend)
    made.read()
    assert taken == [6.0]


def test_notes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST_NOTES", 3)
    made, taken = Readings(), list[float]()
    for number in range(7):
        made.note([torch.tensor(float(number))], taken.extend)
    assert taken == [0, 1, 2, 3, 4, 5]
    made.read()
    assert taken == [0, 1, 2, 3, 4, 5, 6]


def test_a_value_in_a_form_of_its_own_is_read_all_the_same() -> None:
    made, taken = Readings(), list[float]()
    made.note([torch.tensor(1.5), torch.tensor([[2.5]])], taken.extend)
    made.read()
    assert taken == [1.5, 2.5]
