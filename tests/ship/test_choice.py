"""What of a run is taken home."""

from pathlib import Path

import pytest

from forgetbench.errors import InputError
from forgetbench.record.folder import RunFolder
from forgetbench.record.table_files import as_trained
from forgetbench.ship.choice import Choice, choose


def chosen(run: Path, **asked: str | int) -> Choice:
    folder = RunFolder(run)
    return choose(folder.read_manifest(), as_trained(folder.results()), **asked)  # type: ignore[arg-type]


def test_an_arm_has_several_names(small_run: Path) -> None:
    name = "yolov8p-shapes-freeze10-seed0"
    for asked in (name, "backbone (10)", "backbone", "10"):
        assert chosen(small_run, arm=asked).arm["arm"] == name


def test_what_is_left_open_is_the_last_epoch_under_head(small_run: Path) -> None:
    found = chosen(small_run, arm="10")
    assert (found.epoch, found.attach, found.head) == (2, "head", "one-to-many")
    earlier = chosen(small_run, arm="10", epoch=1)
    assert earlier.epoch == 1
    assert earlier.target != found.target


def test_under_the_freeze_point_the_reference_is_the_originals(small_run: Path) -> None:
    found = chosen(small_run, arm="10", attach="freeze-point")
    assert found.scores["reference"] == found.scores["original"]
    assert chosen(small_run, arm="10").scores["reference"] != found.scores["original"]


def test_arms_that_share_a_name_are_listed(small_run: Path) -> None:
    folder = RunFolder(small_run)
    manifest = folder.read_manifest()
    twin = {**manifest["arms"][0], "arm": "other"}
    manifest["arms"].append(twin)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"several arms are called so.*found 22"):
        choose(manifest, folder.results(), arm="22")
