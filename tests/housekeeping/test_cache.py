"""The cache: what is made again goes, what was downloaded or trained stays, and nothing goes while it is used."""

from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from support.factories import drawn_dataset

from forgetbench.cache_use import using_cache
from forgetbench.data.images.known_images import KnownImages
from forgetbench.data.shapes.world import draw_world
from forgetbench.housekeeping.cache import clean_cache
from forgetbench.housekeeping.freed import Cleaning
from forgetbench.suite.data_section import Data
from forgetbench.train.decoded import decoded_places, keep_decoded

SHAPES = Data(format="shapes", world="fine", size=64, train_images=2, evaluate_images=2)
KEPT = (
    *("weights/yolov8n.pt", "data/coco/x.jpg", "data/.notes", "pins/lock", "downloads/coco.lock"),
    *("originals/a/original.safetensors", "originals/a/journal"),
)
SCRATCH = (
    *("originals/a/.state-001.pt.x.part", "downloads/coco-12.part"),
    *("data/.coco.x1/coco/y.jpg", "weights/.n.x/n.pt"),
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache with something of everything."""
    place = tmp_path / "cache"
    monkeypatch.setenv("FORGETBENCH_CACHE", str(place))
    draw_world(SHAPES, "train")
    dataset = drawn_dataset(tmp_path / "data", 2)
    keep_decoded(decoded_places(dataset)[0], np.zeros((2, 3, 3), np.uint8))
    monkeypatch.setattr("forgetbench.data.images.known_images.is_settled", lambda _: True)
    known = KnownImages([dataset.samples[0].image])
    known.measure(dataset.samples[0].image)
    known.keep()
    for name in (*KEPT, *SCRATCH):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"12345")
    return place


def files_in(cache: Path) -> set[str]:
    return {path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file()} - {".in-use"}


def cleaned(*, done: bool) -> Cleaning:
    cleaning = Cleaning(done)
    clean_cache(cleaning)
    return cleaning


def test_what_is_made_again_goes_and_nothing_else(cache: Path) -> None:
    before = files_in(cache)
    parts = {name.partition("/")[0] for name in before}
    assert {"images", "measured", "shapes"} <= parts
    looked = cleaned(done=False)
    assert files_in(cache) == before
    done = cleaned(done=True)
    assert (done.freed, done.left) == (looked.freed, looked.left)
    assert files_in(cache) == set(KEPT)
    assert not any(path.name.startswith(".") and path.is_dir() for path in (cache / "data").iterdir())
    gone = before - set(KEPT)
    assert sum(one.files for one in done.freed) == len(gone)
    assert sorted((one.kind, one.files) for one in done.freed if one.where != cache / "shapes") == [
        ("decoded images", 1),
        ("half-written files", 1),
        *[("interrupted downloads", 1)] * 3,
        ("sizes and hashes of images", 1),
    ]
    assert cleaned(done=True).freed == []


def test_drawn_images_are_drawn_again_as_they_were(cache: Path) -> None:
    before = draw_world(SHAPES, "train").fingerprint()
    assert cleaned(done=True).freed
    assert draw_world(SHAPES, "train").fingerprint() == before


def test_while_it_is_used_it_is_left_alone(cache: Path) -> None:
    before = files_in(cache)
    with using_cache():
        found = cleaned(done=True)
    assert (found.freed, found.left) == ([], [f"{cache}: a command is using the cache"])
    assert files_in(cache) == before


def test_while_something_is_downloaded_downloads_are_left_alone(cache: Path) -> None:
    with FileLock(cache / "downloads" / "coco.lock"):
        found = cleaned(done=True)
    assert found.left == [f"{cache / 'downloads'}: something is being downloaded"]
    assert {"downloads/coco-12.part", "data/.coco.x1/coco/y.jpg"} <= files_in(cache)
    assert not any(name.startswith(("images/", "shapes/")) for name in files_in(cache))


def test_without_a_cache_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "nowhere"))
    assert cleaned(done=True) == Cleaning(done=True)
    assert not (tmp_path / "nowhere").exists()
