import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save
from support.factories import drawn_dataset
from support.finished_run import change_tensors
from support.worlds import world

from forgetbench.data.annotations import load_annotations, read_annotations, save_annotations
from forgetbench.errors import CorruptRunError
from forgetbench.evaluate.average_precision import ground_truth, score


def test_a_dataset_comes_back_without_its_images(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path, count=3)
    save_annotations(tmp_path / "kept.safetensors", dataset)
    again = load_annotations(tmp_path / "kept.safetensors")
    assert (again.name, again.split, again.classes) == (dataset.name, dataset.split, dataset.classes)
    assert again.subset_of == dataset.subset_of
    for one, other in zip(dataset.samples, again.samples, strict=True):
        assert (other.width, other.height) == (one.width, one.height)
        assert not other.image.is_absolute()
        assert other.image.as_posix() == one.image.relative_to(dataset.root).as_posix()
        for name in ("boxes", "classes", "crowd", "areas"):
            np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
            assert getattr(other, name).dtype == getattr(one, name).dtype


@pytest.mark.parametrize("seed", range(10))
def test_scores_are_the_same_to_the_last_bit(seed: int, tmp_path: Path) -> None:
    dataset, found = world(seed)
    save_annotations(tmp_path / "kept.safetensors", dataset)
    again = load_annotations(tmp_path / "kept.safetensors")
    assert score(ground_truth(again), found) == score(ground_truth(dataset), found)


def test_the_same_annotations_are_the_same_bytes_wherever_the_images_lie(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path / "here", count=2)
    shutil.copytree(dataset.root, tmp_path / "there")
    moved = replace(
        dataset,
        root=tmp_path / "there",
        samples=tuple(
            replace(sample, image=tmp_path / "there" / sample.image.relative_to(dataset.root))
            for sample in dataset.samples
        ),
    )
    save_annotations(tmp_path / "one.safetensors", dataset)
    save_annotations(tmp_path / "other.safetensors", moved)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()


def test_every_value_counts_in_the_fingerprint(tmp_path: Path) -> None:
    path, dataset = tmp_path / "kept.safetensors", drawn_dataset(tmp_path / "images", count=2)
    save_annotations(path, dataset)
    with safe_open(path, framework="np") as file:
        about = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    assert arrays["sha256"].shape == (2, 32)
    assert arrays["sha256"].dtype == np.uint8
    assert {name for name in arrays if name != "image"} == {"sha256", "size", "box", "label", "crowd", "area"}
    for name in arrays:
        if name != "image":
            changed = {key: array.copy() for key, array in arrays.items()}
            changed[name].reshape(-1)[0] = 2 if arrays[name].reshape(-1)[0] == 1 else 1
            path.write_bytes(save(changed, about))
            assert read_annotations(path)[1] != dataset.fingerprint(), name
    for wrong in (arrays["sha256"][:1], arrays["sha256"][:, :31], arrays["sha256"].astype(np.int64)):
        path.write_bytes(save({**arrays, "sha256": np.ascontiguousarray(wrong)}, about))
        try:
            assert read_annotations(path)[1] != dataset.fingerprint()
        except CorruptRunError as error:
            assert "not readable annotations" in str(error)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("image", -1, "'image' has a value outside 0 to 2"),
        ("image", 3, "'image' has a value outside 0 to 2"),
        ("image", 2, "boxes are not in the order of their images"),
        ("label", -1, "'label' has a value outside 0 to 2"),
        ("label", 3, "'label' has a value outside 0 to 2"),
        ("size", 0, "an image has no width or no height"),
        ("size", -5, "an image has no width or no height"),
        ("box", np.nan, "a box or an area is not finite"),
        ("box", np.inf, "a box or an area is not finite"),
        ("area", np.nan, "a box or an area is not finite"),
    ],
)
def test_values_that_no_dataset_has_are_refused(tmp_path: Path, name: str, value: float, problem: str) -> None:
    """What counts by position would reach outside its memory, or count something else."""
    path = tmp_path / "kept.safetensors"
    save_annotations(path, drawn_dataset(tmp_path / "images", count=3))

    def change(arrays: dict[str, Any], _: Any) -> None:
        arrays[name].reshape(-1)[0] = value

    change_tensors(path, change)
    with pytest.raises(CorruptRunError, match=f"not readable annotations; found {problem}"):
        load_annotations(path)


@pytest.mark.parametrize("kind", [np.uint64, np.int16, np.float64, np.bool_])
@pytest.mark.parametrize("name", ["image", "label", "size"])
def test_columns_of_another_type_are_refused(tmp_path: Path, name: str, kind: Any) -> None:
    path = tmp_path / "kept.safetensors"
    save_annotations(path, drawn_dataset(tmp_path / "images", count=2))

    def change(arrays: dict[str, Any], _: Any) -> None:
        arrays[name] = arrays[name].astype(kind)

    change_tensors(path, change)
    with pytest.raises(CorruptRunError, match=f"'{name}' is of type"):
        load_annotations(path)


@pytest.mark.parametrize(
    ("key", "value"), [("classes", [1, 2, 3]), ("name", 5), ("split", None), ("subset_of", {}), ("subset_of", [1])]
)
def test_names_that_are_no_text_are_refused(tmp_path: Path, key: str, value: Any) -> None:
    path = tmp_path / "kept.safetensors"
    save_annotations(path, drawn_dataset(tmp_path / "images", count=2))
    change_tensors(path, lambda _, about: about.update({key: value}))
    with pytest.raises(CorruptRunError, match="a name is no text"):
        load_annotations(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(CorruptRunError, match="not readable annotations"):
        load_annotations(tmp_path / "broken.safetensors")
    with pytest.raises(CorruptRunError, match=r"absent\.safetensors"):
        load_annotations(tmp_path / "absent.safetensors")
