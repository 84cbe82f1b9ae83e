"""Which shard a text names."""

import pytest

from forgetbench.errors import InputError
from forgetbench.sweep.shards import Shard, parse_shard


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
    shard = parse_shard(text)
    assert shard == Shard(number, count)
    assert parse_shard(str(shard)) == shard


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "/", "1", "1/", "/2", "0/2", "0/0", "1/0", "3/2", "-1/2", "1/-2", "+1/2", "1.0/2", "1/2/3", "1 / 2",
        "1//2", "1\\2", "a/b", "1/2a", "0x1/2", "1e0/2", "½", "1⁄2", "١/٢", "１/２", "²/3", "1/1000000", "1000000/1000000",
        "1/2\n3/4", "1/2\x00", "9" * 5000 + "/" + "9" * 5000, "[red]", "\x1b[31m1/2",
    ],
)  # fmt: skip
def test_what_names_no_shard_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_shard(text)
    said = str(caught.value)
    assert said.startswith("--shard: no such shard; expected the number of this one and of all, such as 1/8")
    assert "found" in said
    assert len(said) < 2300
    assert "\n" not in said
    assert "\x1b" not in said
