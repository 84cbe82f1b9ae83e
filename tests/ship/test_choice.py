"""What of a run is taken home."""

from pathlib import Path

import pandas as pd
import pytest

from forgetbench.errors import InputError
from forgetbench.record.folder import RunFolder
from forgetbench.ship.choice import Choice, choose


def chosen(run: Path, **asked: str | int) -> Choice:
    folder = RunFolder(run)
    return choose(folder.read_manifest(), folder.results(), **asked)  # type: ignore[arg-type]


def test_an_arm_has_several_names(small_run: Path) -> None:
    name = "yolov8p-shapes-freeze10-seed0"
    for asked in (name, "backbone (10)", "backbone", "10"):
        assert chosen(small_run, arm=asked).arm["arm"] == name


def test_what_is_left_open_is_the_last_epoch_under_head(small_run: Path) -> None:
    found = chosen(small_run, arm="10")
    assert (found.epoch, found.attach, found.head) == (2, "head", "one-to-many")
    earlier = chosen(small_run, arm="10", epoch=1)
    assert earlier.epoch == 1
    assert earlier.detections != found.detections


def test_under_the_freeze_point_the_reference_is_the_originals(small_run: Path) -> None:
    found = chosen(small_run, arm="10", attach="freeze-point")
    assert found.scores["reference"] == found.scores["original"]
    assert chosen(small_run, arm="10").scores["reference"] != found.scores["original"]


def test_of_one_side_only_what_concerns_it_is_chosen(small_run: Path) -> None:
    both = chosen(small_run, arm="10", attach="freeze-point")
    target = chosen(small_run, arm="10", only="target")
    assert (target.attach, target.detections) == (None, {"target": both.detections["target"]})
    assert target.scores == {"target": both.scores["target"]}
    reference = chosen(small_run, arm="10", attach="freeze-point", only="reference")
    assert (reference.attach, reference.detections) == ("freeze-point", {"reference": both.detections["reference"]})
    assert set(reference.scores) == {"reference", "original"}
    with pytest.raises(InputError, match="says nothing of a detector of the target's classes only; found head"):
        chosen(small_run, arm="10", only="target", attach="head")


def test_only_variants_that_were_scored_are_chosen(small_run: Path) -> None:
    assert chosen(small_run, arm="10", variant="trained") == chosen(small_run, arm="10")
    with pytest.raises(InputError, match="not scored in this run: variant; expected one of trained, found batchnorm"):
        chosen(small_run, arm="10", variant="batchnorm-statistics")
    folder = RunFolder(small_run)
    results = folder.results()
    other = results[results["variant"] == "trained"].assign(variant="averaged", detections="other.safetensors")
    found = choose(folder.read_manifest(), pd.concat([results, other]), arm="10", variant="averaged")
    assert set(found.detections.values()) == {"other.safetensors"}
    earlier = results.drop(columns="variant")  # a run of a version without variants
    assert choose(folder.read_manifest(), earlier, arm="10") == chosen(small_run, arm="10")


def test_arms_that_share_a_name_are_listed(small_run: Path) -> None:
    folder = RunFolder(small_run)
    manifest = folder.read_manifest()
    twin = {**manifest["arms"][0], "arm": "other"}
    manifest["arms"].append(twin)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"several arms are called so.*found 22"):
        choose(manifest, folder.results(), arm="22")
