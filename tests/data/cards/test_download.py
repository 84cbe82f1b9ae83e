"""Downloads against a server on this machine: verified, pinned, continued, unpacked whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.disk import disk_with
from support.layouts import write_coco, write_image
from support.served import Served, card, write_card, zipped

from forgetbench.data.cards.card import LoadedCard, load_card
from forgetbench.data.cards.download import by_hand, data_home, fetch, how_to_get, origin_of
from forgetbench.data.cards.pins import PINS_FILE
from forgetbench.data.load import load_data
from forgetbench.errors import DataError, RunError
from forgetbench.files import cache_folder
from forgetbench.room import BLOCK, RESERVE
from forgetbench.suite.data_section import Data


def offered(folder: Path, *archives: dict[str, Any], most_bytes: int = 10_000, **changes: Any) -> LoadedCard:
    content = card(by_hand=..., archives=list(archives), most_bytes=most_bytes, **changes)
    return load_card(write_card(folder, content))


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def kept() -> list[str]:
    return [name for name in left_in(cache_folder() / "downloads") if not name.endswith(".lock")]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_good_download(served: Served, tmp_path: Path, capfd: Any) -> None:
    one = zipped(tmp_path, {"fruit/a.txt": b"apple", "fruit/deep/b.txt": b"banana", "readme": b"left"})
    two = zipped(tmp_path, {"keep/c.txt": b"cherry", "large.bin": b"0" * 50_000})
    found = offered(
        tmp_path,
        {"url": served.add("one.zip", one), "sha256": sha256(one), "size": len(one), "top": "fruit"},
        {"url": served.add("get/two.zip/content", two), "keep": ["keep"], "into": "more/of it"},
        holds=["a.txt", "deep", "more/of it/keep/c.txt"],
    )
    seen: list[tuple[str, int, int]] = []
    root = fetch(found, lambda *state: seen.append(state))
    assert root == data_home() / "fruit"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert files == {"a.txt": b"apple", "deep/b.txt": b"banana", "more/of it/keep/c.txt": b"cherry"}
    assert left_in(data_home()) == [PINS_FILE, "fruit"]
    assert kept() == []
    assert seen == [("one.zip", len(one), len(one)), ("two.zip", len(two), len(two))]
    assert "".join(capfd.readouterr()) == ""
    # Once there it is not fetched again.
    assert fetch(found) == root
    assert len(served.asked) == 2


def test_unseen_checksum_is_pinned_on_first_use(served: Served, tmp_path: Path) -> None:
    first, second = (zipped(tmp_path, {"a.txt": content}) for content in (b"apple", b"another"))
    known = zipped(tmp_path, {"b.txt": b""})
    url, other = served.add("one.zip", first), served.add("two.zip", known)
    found = offered(tmp_path, {"url": url}, {"url": other, "sha256": sha256(known)})
    assert origin_of(found.card).archives == {url: None, other: sha256(known)}
    root = fetch(found)
    pins = json.loads((data_home() / PINS_FILE).read_text())
    assert list(pins) == [url]
    assert (pins[url]["sha256"], pins[url]["size"]) == (sha256(first), len(first))
    assert origin_of(found.card).archives == {url: sha256(first), other: sha256(known)}
    root.rename(root.with_name("aside"))
    served.add("one.zip", second)
    with pytest.raises(DataError, match=f"expected sha256 {sha256(first)}, pinned on .*, found {sha256(second)}") as no:
        fetch(found)
    assert str(no.value).endswith(f"delete its entry in {data_home() / PINS_FILE}.")
    served.add("one.zip", first)
    assert fetch(found) == root


@pytest.mark.parametrize("text", ["{", "[]", '{"u": 1}', '{"u": {"sha256": 1, "size": 2, "first_seen": ""}}'])
def test_damaged_pins_stop_before_anything_is_fetched(served: Served, tmp_path: Path, text: str) -> None:
    data_home().mkdir()
    (data_home() / PINS_FILE).write_text(text)
    found = offered(tmp_path, {"url": served.add("one.zip", zipped(tmp_path, {"a": b""}))})
    with pytest.raises(DataError, match=f"{PINS_FILE}: pinned checksums cannot be read") as caught:
        fetch(found)
    assert "\n" not in str(caught.value)
    assert served.asked == []


def test_what_cannot_be_unpacked_is_neither_pinned_nor_kept(served: Served, tmp_path: Path) -> None:
    found = offered(tmp_path, {"url": served.add("one.zip", b"<!DOCTYPE html><p>Log in first</p>")})
    with pytest.raises(DataError, match="expected a zip or tar archive, found a web page"):
        fetch(found)
    assert (left_in(data_home()), kept()) == ([], [])
    served.add("one.zip", zipped(tmp_path, {"a.txt": b"apple"}))
    assert (fetch(found) / "a.txt").read_bytes() == b"apple"


def test_a_verified_archive_is_kept_until_it_could_be_unpacked(served: Served, tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"a.txt": b"0" * 50})
    described = {"url": served.add("one.zip", archive), "sha256": sha256(archive)}
    with pytest.raises(DataError, match="too large; expected at most 49 bytes"):
        fetch(offered(tmp_path, described, most_bytes=49))
    assert left_in(data_home()) == []
    fetch(offered(tmp_path, described, most_bytes=50))
    assert len(served.asked) == 1


def test_all_archives_share_one_bound(served: Served, tmp_path: Path) -> None:
    urls = [served.add(f"{name}.zip", zipped(tmp_path, {name: b"0" * 30})) for name in "ab"]
    with pytest.raises(DataError, match="expected at most 29 bytes, found 30"):
        fetch(offered(tmp_path, *({"url": url} for url in urls), most_bytes=59))
    assert left_in(data_home()) == []


ARCHIVE = {"a.bin": bytes(range(256)) * 1000}
#: A connection cut off after this many bytes leaves one whole chunk.
CUT, CHUNK = 70_000, 1 << 16


@pytest.mark.parametrize("known", [True, False])
def test_interrupted_download_goes_on_where_it_stopped(served: Served, tmp_path: Path, known: bool) -> None:
    archive = zipped(tmp_path, ARCHIVE)
    described = {"url": served.add("one.zip", archive), "sha256": sha256(archive) if known else None}
    found = offered(tmp_path, described, most_bytes=1_000_000)
    served.cut_after = CUT
    for _ in range(2):
        with pytest.raises(DataError, match="cannot be downloaded"):
            fetch(found)
        assert left_in(data_home()) == []
    served.cut_after = None
    seen: list[tuple[str, int, int]] = []
    root = fetch(found, lambda *state: seen.append(state))
    assert served.asked == ["", f"bytes={CHUNK}-", f"bytes={2 * CHUNK}-"]
    assert seen[-1] == ("one.zip", len(archive), len(archive))
    assert (root / "a.bin").read_bytes() == ARCHIVE["a.bin"]
    assert kept() == []


@pytest.mark.parametrize("behaviour", ["no ranges", "no versions", "another file"])
def test_what_cannot_be_continued_starts_anew(served: Served, tmp_path: Path, behaviour: str) -> None:
    found = offered(
        tmp_path, {"url": served.add("one.zip", zipped(tmp_path, {"a.bin": b"1" * 90_000}))}, most_bytes=100_000
    )
    served.versioned = behaviour != "no versions"
    served.ranges = behaviour != "no ranges"
    served.cut_after = CUT
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch(found)
    served.cut_after = None
    content = b"2" if behaviour == "another file" else b"1"
    served.add("one.zip", zipped(tmp_path, {"a.bin": content * 90_000}))
    assert (fetch(found) / "a.bin").read_bytes() == content * 90_000
    assert served.asked[1] == ("" if behaviour == "no versions" else f"bytes={CHUNK}-")


def test_whole_but_for_the_last_step(served: Served, tmp_path: Path) -> None:
    archive = zipped(tmp_path, ARCHIVE)
    found = offered(tmp_path, {"url": served.add("one.zip", archive)}, most_bytes=1_000_000)
    served.cut_after = CUT
    with pytest.raises(DataError):
        fetch(found)
    served.cut_after = None
    partial = next((cache_folder() / "downloads").glob("*.part"))
    partial.write_bytes(archive)
    assert (fetch(found) / "a.bin").read_bytes() == ARCHIVE["a.bin"]
    assert served.asked[1] == f"bytes={len(archive)}-"


def test_a_wrong_part_is_found_out_and_thrown_away(served: Served, tmp_path: Path) -> None:
    archive = zipped(tmp_path, ARCHIVE)
    found = offered(tmp_path, {"url": served.add("one.zip", archive), "sha256": sha256(archive)}, most_bytes=1_000_000)
    served.cut_after = CUT
    with pytest.raises(DataError):
        fetch(found)
    served.cut_after = None
    next((cache_folder() / "downloads").glob("*.part")).write_bytes(b"x" * CHUNK)
    with pytest.raises(DataError, match="another checksum than expected"):
        fetch(found)
    assert kept() == []
    assert (fetch(found) / "a.bin").exists()


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_size_than_stated_is_given_up(served: Served, tmp_path: Path, difference: int) -> None:
    archive = zipped(tmp_path, {"a.txt": b"apple"})
    size = len(archive) + difference
    found = offered(tmp_path, {"url": served.add("one.zip", archive), "size": size})
    with pytest.raises(DataError, match=f"another size than expected; expected {size} bytes, found {len(archive)}"):
        fetch(found)
    assert (left_in(data_home()), kept()) == ([], [])


def test_wrong_checksum_leaves_nothing(served: Served, tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"a.txt": b"apple"})
    wrong = sha256(b"other")
    found = offered(tmp_path, {"url": served.add("one.zip", archive), "sha256": wrong})
    with pytest.raises(DataError, match=f"expected sha256 {wrong}, found {sha256(archive)}") as caught:
        fetch(found)
    assert "\n" not in str(caught.value)
    assert (left_in(data_home()), kept()) == ([], [])


def test_unsafe_second_archive_leaves_nothing(served: Served, tmp_path: Path) -> None:
    good = served.add("good.zip", zipped(tmp_path, {"a.txt": b"apple"}))
    bad = served.add("bad.zip", zipped(tmp_path, {"b.txt": b"banana", "../../evil.txt": b"evil"}))
    with pytest.raises(DataError, match=rf"{bad}: archive is unsafe.*'\.\./\.\./evil\.txt'"):
        fetch(offered(tmp_path, {"url": good}, {"url": bad}))
    assert left_in(data_home()) == []
    assert not list(tmp_path.rglob("evil.txt"))


def test_server_absent_says_what_to_put_where(served: Served, tmp_path: Path) -> None:
    found = offered(tmp_path, {"url": "http://127.0.0.1:9/one.zip", "size": 2_000_000}, holds=["a.txt", "b", "c"])
    with pytest.raises(DataError) as caught:
        fetch(found)
    message = str(caught.value)
    place = data_home() / "fruit"
    assert f"Download http://127.0.0.1:9/one.zip (2 MB), unpack so that {place} holds a.txt, b and c" in message
    assert "run the same command again" in message
    assert "\n" not in message
    assert left_in(data_home()) == []


def test_folder_that_lacks_what_the_card_says(served: Served, tmp_path: Path) -> None:
    archive = {"url": served.add("one.zip", zipped(tmp_path, {"a.txt": b"apple"}))}
    with pytest.raises(DataError, match=r"data are incomplete; expected b\.txt. Correct 'holds'"):
        fetch(offered(tmp_path, archive, holds=["a.txt", "b.txt"]))
    assert left_in(data_home()) == []
    (data_home() / "fruit").mkdir()
    with pytest.raises(DataError, match=r"incomplete; expected a\.txt. Complete .*, or remove it"):
        fetch(offered(tmp_path, archive, holds=["a.txt"]))


def test_full_disk_is_one_line_and_leaves_the_archive(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    found = offered(tmp_path, {"url": served.add("one.zip", zipped(tmp_path, {"a.txt": b"apple"}))})
    with monkeypatch.context() as patched:
        patched.setattr("forgetbench.data.cards.unpack.shutil.copyfileobj", full)
        with pytest.raises(RunError, match=r"cannot be written; found no room is left on the disk\. Make room"):
            fetch(found)
    assert left_in(data_home()) == []
    fetch(found)
    assert len(served.asked) == 1


def test_by_hand(served: Served, tmp_path: Path) -> None:
    found = load_card(write_card(tmp_path, card(by_hand="Ask the author.")))
    place = data_home() / "fruit"
    assert by_hand(found.card) == how_to_get(found) == f"Ask the author; the folder is {place} (licence: CC0)."
    with pytest.raises(DataError, match=r"fruit: no command can fetch this. Ask the author; the folder is"):
        fetch(found)
    assert left_in(data_home()) == []


def test_how_to_get_names_the_command_first(served: Served, tmp_path: Path) -> None:
    found = offered(tmp_path, {"url": "https://example.org/one.zip"})
    assert how_to_get(found).startswith(f"Run 'forgetbench data fetch {found.path}'; or by hand: Download https://")


def test_read_only_home_gives_way_to_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path / "data"))
    assert data_home() == tmp_path / "data"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert data_home() == cache_folder() / "data"


def test_load_fetches_only_when_asked(served: Served, tmp_path: Path) -> None:
    made = tmp_path / "made"
    write_image(made / "images" / "a.png")
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    write_coco(made, [{"id": 1, "file_name": "a.png"}], [box], {1: "apple", 2: "pear"})
    files = {p.relative_to(made).as_posix(): p.read_bytes() for p in made.rglob("*") if p.is_file()}
    archive = zipped(tmp_path, files)
    url = served.add("one.zip", archive)
    read = {"format": "coco", "path": "fruit", "annotations": "annotations.json", "images": "images"}
    offered(tmp_path, {"url": url}, data=read)
    spec = Data(card="fruit")
    with pytest.raises(DataError, match=r"data not found.*Run 'forgetbench data fetch .*Download http"):
        load_data(spec, role="reference", suite_folder=tmp_path)
    with pytest.raises(DataError, match=r"elsewhere: data not found.*Put it in one of these places"):
        load_data(Data(card="fruit", path="elsewhere"), role="reference", suite_folder=tmp_path, fetch=True)
    loaded = load_data(spec, role="reference", suite_folder=tmp_path, fetch=True).evaluate
    assert (loaded.name, loaded.instances, loaded.root) == ("fruit", 1, data_home() / "fruit")
    assert loaded.origin is not None
    assert loaded.origin.archives == {url: sha256(archive)}
    assert load_data(spec, role="reference", suite_folder=tmp_path).evaluate.fingerprint() == loaded.fingerprint()


def test_an_archive_that_does_not_fit_unpacked_is_kept_until_it_does(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = zipped(tmp_path, {f"{number}.txt": b"x" for number in range(40)})
    found = offered(tmp_path, {"url": served.add("one.zip", content), "size": len(content)})
    disk_with(monkeypatch, RESERVE + len(content) - 1)
    with pytest.raises(RunError, match=r"for the download of one\.zip"):
        fetch(found)
    assert kept() == []
    free = RESERVE + 40 * BLOCK - 1
    assert free >= RESERVE + len(content)
    disk_with(monkeypatch, free)
    with pytest.raises(RunError, match=r"data/fruit: not enough room .* 163\.8 kB for the unpacked files"):
        fetch(found)
    assert len(kept()) == 1
    assert left_in(data_home()) == []
    disk_with(monkeypatch, free + 1)
    asked = len(served.asked)
    assert len(list(fetch(found).iterdir())) == 40
    assert len(served.asked) == asked
    assert kept() == []
