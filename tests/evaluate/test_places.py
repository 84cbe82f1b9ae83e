"""Which rows the tables of scores have."""

from forgetbench.evaluate.places import batchnorm_of_checkpoint, of_checkpoint, of_original
from forgetbench.suite.kinds import HeadMode

BOTH: list[HeadMode] = ["one-to-one", "one-to-many"]


def test_an_original_is_scored_on_the_reference_alone() -> None:
    cells = [place.cells("yolo", None, 0) for place in of_original(BOTH)]
    unknown = dict.fromkeys(("freeze_point", "strategy", "setting", "seed", "variant"))
    shared = {"arm": "original", "model": "yolo", "epoch": 0, "role": "reference", "attach": "head", **unknown}
    assert cells == [{**shared, "head": "one-to-one"}, {**shared, "head": "one-to-many"}]


def test_a_checkpoint_is_scored_on_the_target_and_under_each_attach_point_by_head() -> None:
    arm = {"arm": "yolo-freeze10-seed3", "freeze_point": 10, "strategy": "freeze", "setting": None, "seed": 3}
    cells = [place.cells("yolo", arm, 2) for place in of_checkpoint(BOTH, ["head", "15"])]
    assert [(row["head"], row["role"], row["attach"]) for row in cells] == [
        (head, role, attach)
        for head in BOTH
        for role, attach in (("target", None), ("reference", "head"), ("reference", "15"))
    ]
    assert cells[0] == {
        **arm, "model": "yolo", "epoch": 2, "role": "target", "attach": None, "head": "one-to-one",
        "variant": "trained",
    }  # fmt: skip


def test_batchnorm_has_three_shares_of_each_head() -> None:
    assert list(batchnorm_of_checkpoint(BOTH)) == [
        (head, adapted) for head in BOTH for adapted in ("statistics", "weights", "both")
    ]
