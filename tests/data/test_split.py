from forgetbench.data.split import seeded_split
from forgetbench.suite.data_section import Split

NAMES = [f"{letter}.png" for letter in "abcdefgh"]


def test_share_and_seed_decide() -> None:
    # printf '0/%s.png' $letter | sha256sum: the two smallest of seed 0 are those of c and g.
    held = seeded_split(NAMES, Split(seed=0, evaluate=0.25))
    assert [name for name, out in zip(NAMES, held, strict=True) if out] == ["c.png", "g.png"]
    assert seeded_split(NAMES, Split(seed=1, evaluate=0.25)) != held


def test_both_sides_get_an_image() -> None:
    assert sum(seeded_split(NAMES, Split(evaluate=0.001))) == 1
    assert sum(seeded_split(NAMES, Split(evaluate=0.999))) == 7


def test_names_that_are_not_utf_8_are_split_as_well() -> None:
    assert sum(seeded_split(["a.png", "\udcff.png"], Split(evaluate=0.5))) == 1


def test_copies_go_to_one_side() -> None:
    # c and g go over as above; with a as a copy of c the two fill the share, and g stays.
    copies = ["c.png" if name == "a.png" else name for name in NAMES]
    held = seeded_split(NAMES, Split(seed=0, evaluate=0.25), copies)
    assert [name for name, out in zip(NAMES, held, strict=True) if out] == ["a.png", "c.png"]


def test_more_copies_than_are_evaluated_on_are_split_as_if_they_were_none() -> None:
    held = seeded_split(NAMES, Split(seed=0, evaluate=0.25), ["a.png"] * len(NAMES))
    assert held == seeded_split(NAMES, Split(seed=0, evaluate=0.25))
