"""What is known of images from before: each is hashed and decoded once, and a cache decides nothing."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.files_changed import another_image, let_time_pass, overwrite
from support.layouts import write_image, write_yolo
from support.spied import spied

from forgetbench.data.images import content, known_images, measure
from forgetbench.data.images.known_images import KnownImages, hashes_of
from forgetbench.data.images.measure import CorruptImageError, MeasuredImage
from forgetbench.data.load import load_data
from forgetbench.files import sha256_file
from forgetbench.suite.data_section import Data


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache's file; whatever is measured has stood for long enough to be kept."""
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    let_time_pass(monkeypatch)
    return tmp_path / "cache" / "measured" / "images.sqlite"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the images that are measured, as they are."""
    names: list[str] = []
    original = measure.measure_image

    def measuring(path: Path) -> MeasuredImage:
        names.append(path.name)
        return original(path)

    monkeypatch.setattr(known_images, "measure_image", measuring)
    return names


def images(folder: Path, count: int = 3) -> list[Path]:
    return [write_image(folder / f"{number}.png", 20 + number, 10) for number in range(count)]


def looked_at(paths: list[Path]) -> list[MeasuredImage]:
    known = KnownImages(paths)
    found = [known.measure(path) for path in paths]
    known.keep()
    return found


def test_an_image_is_measured_once(tmp_path: Path, cache: Path, measured: list[str]) -> None:
    paths = images(tmp_path / "data")
    first = looked_at(paths)
    assert measured == ["0.png", "1.png", "2.png"]
    assert [one.size for one in first] == [(20, 10), (21, 10), (22, 10)]
    assert [one.sha256 for one in first] == [sha256_file(path) for path in paths]
    assert looked_at(paths) == first
    assert looked_at(paths[::-1]) == first[::-1]
    assert measured == ["0.png", "1.png", "2.png"]
    assert cache.is_file()


def test_all_that_was_found_is_known_again(tmp_path: Path, cache: Path, measured: list[str]) -> None:
    path = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[274] = 6
    pixels = np.random.default_rng(0).integers(0, 99, (48, 64), dtype=np.uint16)
    Image.fromarray(pixels).save(path, exif=exif)
    first = looked_at([path])
    assert first == looked_at([path])
    assert measured == ["turned.png"]
    assert (first[0].size, first[0].orientation) == ((48, 64), 6)
    assert first[0].dark == "a 16-bit image that uses only its lowest 7 bits"
    assert cache.is_file()


def touched(path: Path) -> None:
    os.utime(path, ns=(0, 0))


def overwritten(path: Path) -> None:
    overwrite(path, another_image(path))


def replaced(path: Path) -> None:
    content, times = path.read_bytes(), path.stat()
    (path.parent / "new").write_bytes(content)
    os.utime(path.parent / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (path.parent / "new").replace(path)


@pytest.mark.parametrize("change", [touched, overwritten, replaced])
def test_a_file_in_another_state_is_measured_again(
    tmp_path: Path, cache: Path, measured: list[str], change: Callable[[Path], None]
) -> None:
    paths = images(tmp_path / "data")
    looked_at(paths)
    measured.clear()
    change(paths[1])
    assert [one.sha256 for one in looked_at(paths)] == [sha256_file(path) for path in paths]
    assert measured == ["1.png"]
    looked_at(paths)
    assert measured == ["1.png"]
    assert cache.is_file()


def test_what_was_measured_otherwise_is_measured_again(
    tmp_path: Path, cache: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = images(tmp_path / "data", 1)
    looked_at(paths)
    monkeypatch.setattr(known_images, "MEASURED_BY", "2, another OpenCV")
    looked_at(paths)
    looked_at(paths)
    assert measured == ["0.png"] * 2
    assert cache.is_file()


def test_a_file_that_has_not_stood_for_a_moment_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: list[str]
) -> None:
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    (path,) = images(tmp_path / "data", 1)
    monkeypatch.setattr("forgetbench.data.images.content.time.time_ns", lambda: path.stat().st_ctime_ns + 10**9)
    looked_at([path])
    looked_at([path])
    assert measured == ["0.png"] * 2
    assert not (tmp_path / "cache").exists()


def test_what_cannot_be_measured_is_not_kept(tmp_path: Path, cache: Path, measured: list[str]) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for _ in range(2):
        for name in ("broken.png", "pipe.png", "folder.png"):
            with pytest.raises(CorruptImageError):
                looked_at([tmp_path / name])
        with pytest.raises(FileNotFoundError):
            looked_at([tmp_path / "gone.png"])
    assert measured.count("broken.png") == 2
    assert not cache.exists()


def rubbish(cache: Path) -> None:
    cache.write_bytes(b"this is no database" * 99)


def cut(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[:3000])


def torn(cache: Path) -> None:
    content = bytearray(cache.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    cache.write_bytes(content)


def other_table(cache: Path) -> None:
    cache.unlink()
    with sqlite3.connect(cache) as store:
        store.execute("CREATE TABLE images (path BLOB PRIMARY KEY, something TEXT)")


def emptied(cache: Path) -> None:
    cache.write_bytes(b"")


@pytest.mark.parametrize("damage", [rubbish, cut, torn, other_table, emptied])
def test_a_damaged_cache_is_made_anew(
    tmp_path: Path, cache: Path, measured: list[str], damage: Callable[[Path], None]
) -> None:
    paths = images(tmp_path / "data")
    first = looked_at(paths)
    damage(cache)
    assert looked_at(paths) == first
    measured.clear()
    assert looked_at(paths) == first
    assert measured == []


def test_a_flipped_bit_is_never_believed(tmp_path: Path, cache: Path) -> None:
    paths = images(tmp_path / "data")
    first = looked_at(paths)
    whole = cache.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(whole)
        content[int(random.integers(len(content)))] ^= 1 << int(random.integers(8))
        cache.write_bytes(content)
        assert looked_at(paths) == first


def test_a_cache_that_grew_too_large_is_made_anew(
    tmp_path: Path, cache: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = images(tmp_path / "data", 2)
    looked_at([one])
    with monkeypatch.context() as patch:
        patch.setattr(known_images, "MOST_BYTES", 10)
        looked_at([other])
    looked_at([other])
    assert measured == ["0.png", "1.png"]
    looked_at([one])
    assert measured == ["0.png", "1.png", "0.png"]


def in_the_way(cache: Path) -> None:
    cache.mkdir(parents=True)


def pipe(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    os.mkfifo(cache)


def no_folder(cache: Path) -> None:
    cache.parents[1].write_text("a file where the cache should be")


@pytest.mark.parametrize("obstacle", [in_the_way, pipe, no_folder])
def test_without_a_cache_images_are_measured(
    tmp_path: Path, cache: Path, measured: list[str], obstacle: Callable[[Path], None]
) -> None:
    obstacle(cache)
    paths = images(tmp_path / "data")
    assert looked_at(paths) == looked_at(paths)
    assert measured == ["0.png", "1.png", "2.png"] * 2


def test_a_cache_that_is_locked_is_done_without(
    tmp_path: Path, cache: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = images(tmp_path / "data")
    first = looked_at(paths)
    monkeypatch.setattr(known_images, "PATIENCE", 0.01)
    with sqlite3.connect(cache) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert looked_at(paths) == first
        assert measured == ["0.png", "1.png", "2.png"] * 2
    looked_at(paths)
    assert len(measured) == 6  # nothing was thrown away


def test_a_home_that_is_not_there_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGETBENCH_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null/nobody")
    let_time_pass(monkeypatch)
    assert [one.size for one in looked_at(images(tmp_path, 1))] == [(20, 10)]


def _measure_all(folder: Path) -> None:
    patch = pytest.MonkeyPatch()
    let_time_pass(patch)
    for _ in range(20):
        known = KnownImages(paths := sorted(folder.iterdir()))
        for path in paths:
            os.utime(path)
            known.measure(path)
            known.keep()


def test_processes_share_the_cache(tmp_path: Path, cache: Path, measured: list[str]) -> None:
    paths = images(tmp_path / "data", 5)
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_measure_all, args=(tmp_path / "data",)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0, 0]
    looked_at(paths)
    measured.clear()
    assert [one.sha256 for one in looked_at(paths)] == [sha256_file(path) for path in paths]
    assert measured == []
    assert cache.is_file()


@pytest.mark.parametrize(
    "name", ["plain", "ünusual 'quoted'; --", "line\nbreak", b"\xff\xfe".decode("utf-8", "surrogateescape")]
)
def test_names_of_all_kinds_are_kept(tmp_path: Path, cache: Path, measured: list[str], name: str) -> None:
    path = write_image(tmp_path / "a.png")
    path = path.rename(tmp_path / f"{name}.png")
    assert looked_at([path]) == looked_at([path])
    assert len(measured) == 1
    assert cache.is_file()


def test_hashes_come_from_what_is_known(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = images(tmp_path / "data")
    looked_at(paths[:2])
    monkeypatch.setattr("forgetbench.data.images.content.hashed", {})
    read = spied(monkeypatch, content, "sha256_file")
    assert hashes_of(paths) == {path: sha256_file(path) for path in paths}
    assert read == paths[2:]
    assert cache.is_file()


@pytest.mark.parametrize("split", [None, {"seed": 0, "evaluate": 0.5}])
def test_data_loaded_again_are_the_same_and_no_image_is_opened(
    tmp_path: Path, cache: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch, split: dict[str, float] | None
) -> None:
    write_yolo(tmp_path / "data", {f"{number}.png": "0 0.5 0.5 0.2 0.4\n" for number in range(6)})
    (tmp_path / "data" / "data.yaml").write_text("train: images\nval: images\nnames: [x]\n")
    given = {"format": "yolo", "path": str(tmp_path / "data"), **({"split": split} if split else {})}
    spec = Data.model_validate(given)
    first = load_data(spec, role="target", suite_folder=None)
    assert len(set(measured)) == 6
    measured.clear()
    monkeypatch.setattr("forgetbench.data.images.content.hashed", {})
    monkeypatch.setattr("forgetbench.data.images.content.sha256_file", lambda path: pytest.fail(f"{path} was read"))
    again = load_data(spec, role="target", suite_folder=None)
    assert measured == []
    assert again.report == first.report
    assert again.evaluate.fingerprint() == first.evaluate.fingerprint()
    assert again.train is not None
    assert first.train is not None
    assert again.train.fingerprint() == first.train.fingerprint()
    assert cache.is_file()
