"""Datasets: what their fingerprints are of, and what reports hold."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.factories import drawn_dataset
from support.files_changed import another_image, let_time_pass, overwrite
from support.owned import OWNED
from support.spied import spied

from forgetbench.data import dataset as dataset_module
from forgetbench.data.annotations import read_annotations, save_annotations
from forgetbench.data.dataset import Dataset, OddityReport
from forgetbench.data.load import read_target
from forgetbench.data.recognise import recognise


def read(root: Path) -> list[Dataset]:
    found = recognise(root)
    loaded = read_target(found.spec, found.source)
    return [part for part in (loaded.train, loaded.evaluate) if part is not None]


@pytest.mark.parametrize("name", ["yolo, data.yaml", "coco", "voc"])
@pytest.mark.parametrize("stood", [True, False])
def test_an_image_of_other_content_makes_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stood: bool
) -> None:
    if stood:  # long enough for the cache to know the images
        let_time_pass(monkeypatch)
    given = OWNED[name].write(tmp_path / "data")
    before = [part.fingerprint() for part in read(given)]
    assert [part.fingerprint() for part in read(given)] == before
    for place, part in enumerate(read(given)):
        image = part.samples[0].image
        content = image.read_bytes()
        overwrite(image, another_image(image))
        after = [part.fingerprint() for part in read(given)]
        assert [old != new for old, new in zip(before, after, strict=True)] == [place == 0, place == 1]
        overwrite(image, content)
        assert [part.fingerprint() for part in read(given)] == before


def test_a_fingerprint_is_of_all_that_is_known_and_not_of_where_it_lies(tmp_path: Path) -> None:
    dataset = drawn_dataset(tmp_path / "here", count=2)
    first, second = dataset.samples
    others = [
        replace(dataset, classes=("disc", "box", "rod")),
        replace(dataset, samples=(second, first)),
        *(
            replace(dataset, samples=(replace(first, **change), second))
            for change in (
                {"image": first.image.with_name("a.png")},
                {"width": 63},
                {"height": 47},
                {"boxes": first.boxes + 1},
                {"classes": first.classes + 1},
                {"crowd": ~first.crowd},
                {"areas": first.areas + 1},
                {"sha256": second.sha256},
            )
        ),
    ]
    assert len({made.fingerprint() for made in (dataset, *others)}) == 11
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    samples = tuple(replace(one, image=tmp_path / "there" / one.image.name) for one in dataset.samples)
    same = replace(dataset, root=tmp_path / "there", samples=samples, name="other", split="val")
    assert same.fingerprint() == dataset.fingerprint()


def test_a_fingerprint_is_computed_once_and_needs_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = drawn_dataset(tmp_path / "data", count=3)
    shutil.rmtree(tmp_path / "data")
    computed = spied(monkeypatch, dataset_module, "sha256_json")
    assert dataset.fingerprint() == dataset.fingerprint()
    assert len(computed) == 1
    save_annotations(tmp_path / "kept.safetensors", dataset)
    kept, fingerprint = read_annotations(tmp_path / "kept.safetensors")
    assert fingerprint == kept.fingerprint() == dataset.fingerprint()
    assert [one.sha256 for one in kept.samples] == [one.sha256 for one in dataset.samples]
    empty = replace(dataset, samples=())
    save_annotations(tmp_path / "empty.safetensors", empty)
    assert read_annotations(tmp_path / "empty.safetensors")[1] == empty.fingerprint()
    assert np.unique([one.sha256 for one in kept.samples]).size == 3


def test_names_from_outside_cannot_break_a_line_or_a_terminal() -> None:
    report = OddityReport()
    report.add("missing-image", "a\nb.png", "no image '\x1b[2J\udcff': left out, ünusual")
    assert (report.found[0].file, report.found[0].detail) == (
        r"a\nb.png",
        r"no image '\x1b[2J\udcff': left out, ünusual",
    )
