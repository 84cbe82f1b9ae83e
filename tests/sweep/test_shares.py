"""Which share of the jobs a command does: as a text names it, or as the system says that began the command."""

import pytest

from forgetbench.errors import InputError
from forgetbench.sweep.shares import Shard, parse_shard


@pytest.mark.parametrize(
    ("text", "number", "count"),
    [
        ("1/1", 1, 1),
        ("2/8", 2, 8),
        ("8/8", 8, 8),
        (" 3/4\n", 3, 4),
        ("007/010", 7, 10),
        ("999999/999999", 999999, 999999),
    ],
)
def test_a_shard_is_its_number_and_that_of_all(text: str, number: int, count: int) -> None:
    shard = parse_shard(text, {})
    assert shard == Shard(number, count)
    assert parse_shard(str(shard), {}) == shard


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "/", "1", "1/", "/2", "0/2", "0/0", "1/0", "3/2", "-1/2", "1/-2", "+1/2", "1.0/2", "1/2/3", "1 / 2",
        "1//2", "1\\2", "a/b", "1/2a", "0x1/2", "1e0/2", "½", "1⁄2", "١/٢", "１/２", "²/3", "1/1000000",
        "1/2\n3/4", "1/2\x00", "9" * 5000 + "/" + "9" * 5000, "[red]", "\x1b[31m1/2",
    ],
)  # fmt: skip
def test_what_names_no_shard_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_shard(text, {})
    said = str(caught.value)
    assert said.startswith("--shard: no such shard; expected the number of this one and of all, such as 1/8")
    assert "found" in said
    assert len(said) < 2300
    assert "\n" not in said
    assert "\x1b" not in said


def array(task: int, first: int, last: int, count: int) -> dict[str, str]:
    known = {"ID": task, "MIN": first, "MAX": last, "COUNT": count}
    return {f"SLURM_ARRAY_TASK_{name}": str(number) for name, number in known.items()}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (array(0, 0, 7, 8), "1/8"),
        (array(7, 0, 7, 8), "8/8"),
        (array(3, 1, 8, 8), "3/8"),
        (array(20, 10, 40, 4), "2/4"),
        (array(5, 5, 5, 1), "1/1"),
        (array(4, 2, 6, 3), "2/3"),
        # each task of an array is a step of one task
        ({**array(1, 0, 3, 4), "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, "2/4"),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "4"}, "4/4"),
        ({"SKYPILOT_NODE_RANK": "0", "SKYPILOT_NUM_NODES": "2", "SLURM_NTASKS": "1"}, "1/2"),
    ],
)
def test_what_began_the_command_says_which_share_is_its(environment: dict[str, str], expected: str) -> None:
    assert str(parse_shard("auto", environment)) == expected
    assert str(parse_shard("2/9", environment)) == "2/9"  # what is said comes first


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("step", [1, 3])
def test_the_tasks_of_an_array_have_all_shares(count: int, step: int) -> None:
    ids = [5 + step * index for index in range(count)]
    found = [parse_shard("auto", array(task, ids[0], ids[-1], count)) for task in ids]
    assert found == [Shard(number, count) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "nothing says which shard this is"),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, "nothing says which shard this is"),
        (array(3, 1, 9, 3), "not evenly spaced"),  # 1, 3 and 9
        (array(5, 3, 5, 5), "not evenly spaced"),
        (array(9, 1, 4, 4), "expected 1 to 4, found 9"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN: not a number; found nothing"),
        ({**array(1, 1, 2, 2), "SLURM_ARRAY_TASK_ID": "-1"}, "not a number"),
        ({"SLURM_PROCID": "4", "SLURM_NTASKS": "4"}, "expected 1 to 4, found 5"),
        ({"SLURM_NTASKS": "4"}, "SLURM_PROCID: not a number"),
        ({"SKYPILOT_NODE_RANK": "x", "SKYPILOT_NUM_NODES": "2"}, "SKYPILOT_NODE_RANK: not a number"),
    ],
)
def test_what_does_not_say_it_is_refused(environment: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match="--shard auto") as caught:
        parse_shard("auto", environment)
    assert says in str(caught.value)
