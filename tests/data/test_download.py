"""Downloads against a server on this machine: verified, pinned, unpacked whole or not at all."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from layouts import write_coco, write_image

from forgetbench.data import download
from forgetbench.data.download import DOWNLOADS, Archive, Download, data_home, fetch
from forgetbench.data.load import load_data
from forgetbench.data.unpack import unpack
from forgetbench.errors import DataError
from forgetbench.files import cache_folder, sha256_file
from forgetbench.suite.schema import Data


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """Serve a folder; yields it and its address. Downloads go to `data`, what is remade to `cache`."""
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FORGETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def known(monkeypatch: pytest.MonkeyPatch, *archives: Archive, most_bytes: int = 10_000) -> None:
    offered = Download("fruit", archives, "free", "a.txt", most_bytes)
    monkeypatch.setitem(DOWNLOADS, "fruit", offered)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_good_download(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    folder, address = server
    one = pack(folder / "one.zip", {"fruit/a.txt": b"apple", "fruit/deep/b.txt": b"banana"})
    pack(folder / "two.zip", {"keep/c.txt": b"cherry", "large.bin": b"0" * 50_000})
    known(
        monkeypatch,
        Archive(f"{address}/one.zip", sha256=sha256_file(one), top="fruit"),
        Archive(f"{address}/two.zip", keep=("keep/c.txt",)),
    )
    seen: list[tuple[str, int, int]] = []
    root = fetch("fruit", lambda *state: seen.append(state))
    assert root == data_home() / "fruit"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert files == {"a.txt": b"apple", "deep/b.txt": b"banana", "keep/c.txt": b"cherry"}
    assert left_in(data_home()) == ["fruit"]
    assert not list((cache_folder() / "downloads").glob("*.zip"))
    size = one.stat().st_size
    assert seen[0] == ("one.zip", size, size)
    assert {name for name, _, _ in seen} == {"one.zip", "two.zip"}
    assert "".join(capfd.readouterr()) == ""
    # Once there it is not fetched again.
    one.unlink()
    assert fetch("fruit") == root


def test_unseen_checksum_is_pinned_on_first_use(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, address = server
    first = sha256_file(pack(folder / "one.zip", {"a.txt": b"apple"}))
    known(monkeypatch, Archive(f"{address}/one.zip"))
    root = fetch("fruit")
    pins = json.loads((cache_folder() / "downloads" / "pins.json").read_text())
    assert pins == {f"{address}/one.zip": first}
    root.rename(root.with_name("aside"))
    second = sha256_file(pack(folder / "one.zip", {"a.txt": b"another"}))
    with pytest.raises(DataError, match=f"expected sha256 {first}, found {second}"):
        fetch("fruit")


def test_wrong_checksum_leaves_nothing(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, address = server
    pack(folder / "one.zip", {"a.txt": b"apple"})
    wrong = hashlib.sha256(b"other").hexdigest()
    known(monkeypatch, Archive(f"{address}/one.zip", sha256=wrong))
    with pytest.raises(DataError, match=f"another checksum than expected.*{wrong}") as caught:
        fetch("fruit")
    assert "\n" not in str(caught.value)
    assert left_in(data_home()) == []
    assert left_in(cache_folder() / "downloads") == ["fruit.lock"]


def test_escaping_archive_leaves_nothing(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, address = server
    pack(folder / "good.zip", {"a.txt": b"apple"})
    pack(folder / "bad.zip", {"b.txt": b"banana", "../../evil.txt": b"evil"})
    known(monkeypatch, Archive(f"{address}/good.zip"), Archive(f"{address}/bad.zip"))
    with pytest.raises(DataError, match=r"archive is unsafe.*'\.\./\.\./evil\.txt'"):
        fetch("fruit")
    assert left_in(data_home()) == []
    assert not list(data_home().parent.rglob("evil.txt"))


@pytest.mark.parametrize("path", ["absent.zip", ""])
def test_server_absent_says_what_to_put_where(
    server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    address = f"{server[1]}/{path}" if path else "http://127.0.0.1:9/one.zip"
    known(monkeypatch, Archive(address, size=2_000_000))
    with pytest.raises(DataError) as caught:
        fetch("fruit")
    message = str(caught.value)
    assert f"Download {address} (2 MB), unpack so that {data_home() / 'fruit'} holds a.txt" in message
    assert "run the same command again" in message
    assert "\n" not in message
    assert left_in(data_home()) == []


def test_connection_cut_short_leaves_nothing(server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, address = server
    pack(folder / "one.zip", {"a.txt": b"apple"})

    def half(self: Any, source: Any, target: Any) -> None:
        target.write(source.read(20))

    monkeypatch.setattr(_Quiet, "copyfile", half)
    known(monkeypatch, Archive(f"{address}/one.zip"))
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch("fruit")
    assert left_in(data_home()) == []
    assert left_in(cache_folder() / "downloads") == ["fruit.lock"]


def test_unknown_download_names_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'deepfruits'"):
        fetch("deepfruit")


def test_read_only_home_gives_way_to_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGETBENCH_DATA", str(tmp_path / "data"))
    assert data_home() == tmp_path / "data"
    monkeypatch.setattr(download.os, "access", lambda *_: False)
    assert data_home() == cache_folder() / "data"


def test_coco_card_holds_no_training_set() -> None:
    archives = DOWNLOADS["coco-val2017"].archives
    assert [archive.name for archive in archives] == ["val2017.zip", "annotations_trainval2017.zip"]
    assert archives[1].keep == ("annotations/instances_val2017.json",)


def test_load_fetches_only_when_asked(
    server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, address = server
    made = tmp_path / "made"
    write_image(made / "images" / "a.png")
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    write_coco(made, [{"id": 1, "file_name": "a.png"}], [box], {1: "x"})
    files = {p.relative_to(made).as_posix(): p.read_bytes() for p in made.rglob("*") if p.is_file()}
    pack(folder / "one.zip", files)
    known(monkeypatch, Archive(f"{address}/one.zip"))
    spec = Data(format="coco", path="fruit", download="fruit", annotations="annotations.json", images="images")
    with pytest.raises(DataError, match=r"data not found.*Download http"):
        load_data(spec, role="reference", suite_folder=None)
    assert load_data(spec, role="reference", suite_folder=None, fetch=True).evaluate.instances == 1
    assert load_data(spec, role="reference", suite_folder=None).evaluate.root == data_home() / "fruit"


@pytest.mark.parametrize(
    "name", ["/etc/evil", "../evil", "a/../../evil", "..\\evil", "C:evil", "C:\\evil", "a\\..\\..\\evil"]
)
def test_unsafe_names(tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / "a.zip", {"ok.txt": b"", name: b"evil"})
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(DataError, match="archive is unsafe"):
        unpack(archive, into, most_bytes=1000)
    assert left_in(into) == []


def _tar_member(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo("linked")
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_tar_links_and_devices(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(_tar_member(kind))
    with pytest.raises(DataError, match=r"archive is unsafe.*'linked'"):
        unpack(tmp_path / "a.tar", tmp_path, most_bytes=1000)


def test_zip_link(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("linked")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(DataError, match="archive is unsafe"):
        unpack(tmp_path / "a.zip", tmp_path, most_bytes=1000)


def test_tar_is_unpacked_and_counted(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("top/a.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"apple"))
    into = tmp_path / "into"
    into.mkdir()
    assert unpack(tmp_path / "a.tar.gz", into, top="top", most_bytes=5) == 5
    assert (into / "a.txt").read_bytes() == b"apple"


def test_too_much_absent_or_damaged(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"a.txt": b"0" * 11})
    with pytest.raises(DataError, match="too large; expected at most 10 bytes, found 11"):
        unpack(archive, tmp_path, most_bytes=10)
    with pytest.raises(DataError, match=r"archive lacks a file; expected b\.txt"):
        unpack(archive, tmp_path, keep=("b.txt",), most_bytes=100)
    twice = pack(tmp_path / "twice.zip", {"b.txt": b"", "./b.txt": b""})
    with pytest.raises(DataError, match="two things of one name"):
        unpack(twice, tmp_path, most_bytes=100)
    (tmp_path / "b.zip").write_bytes(b"not an archive")
    with pytest.raises(DataError, match="damaged or of an unknown kind"):
        unpack(tmp_path / "b.zip", tmp_path, most_bytes=100)
