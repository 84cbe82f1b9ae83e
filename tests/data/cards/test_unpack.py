"""Archives from anywhere: nothing leaves the folder, nothing but files comes out, nothing grows beyond its bound."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.disk import disk_with
from support.served import zipped

from forgetbench.data.cards.unpack import unpack
from forgetbench.errors import DataError, RunError
from forgetbench.names import stays_inside
from forgetbench.room import BLOCK, RESERVE


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "a.zip"
    path.write_bytes(zipped(folder, files))
    return path


def taped(folder: Path, *members: tuple[str, bytes, bytes], mode: str = "w") -> Path:
    """Write a tar of (name, content, type)."""
    path = folder / "a.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


def refusal(archive: Path, into: Path, keep: Sequence[str] = (), top: str | None = None, most: int = 10**6) -> str:
    with pytest.raises(DataError) as caught:
        unpack(archive, into, keep=keep, top=top, most_bytes=most, called="here")
    assert str(caught.value).startswith("here: archive ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


UNSAFE = ["/etc/evil", "../evil", "a/../../evil", "..\\evil", "C:evil", "C:\\evil", "a\\..\\..\\evil", "a\nb", "\x7f"]


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_names(tmp_path: Path, into: Path, name: str) -> None:
    assert "unsafe, nothing was unpacked" in refusal(packed(tmp_path, {"ok.txt": b"", name: b"evil"}), into)
    assert list(into.iterdir()) == []
    assert not stays_inside(name)


@pytest.mark.parametrize("name", ["a", "a/b", "./a", "a b/ä…\u00a0.jpg", "..a", "a..", ".hidden"])
def test_safe_names(name: str) -> None:
    assert stays_inside(name)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_tar_links_and_devices(tmp_path: Path, into: Path, kind: bytes) -> None:
    archive = taped(tmp_path, ("ok.txt", b"", tarfile.REGTYPE), ("linked", b"", kind))
    assert "unsafe, nothing was unpacked; expected only files and folders inside it, found 'linked'" in refusal(
        archive, into
    )
    assert list(into.iterdir()) == []


def test_zip_link(tmp_path: Path, into: Path) -> None:
    member = zipfile.ZipInfo("linked")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    assert "unsafe" in refusal(tmp_path / "a.zip", into)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_is_unpacked_and_counted(tmp_path: Path, into: Path, mode: str) -> None:
    archive = taped(
        tmp_path, ("./top/deep", b"", tarfile.DIRTYPE), ("./top/a.txt", b"apple", tarfile.REGTYPE), mode=mode
    )
    assert unpack(archive, into, top="top", most_bytes=5) == 5
    assert (into / "a.txt").read_bytes() == b"apple"


FILES = {"top/in/a": b"a", "top/in/deep/b": b"b", "top/out": b"c", "topless/in/d": b"d"}


@pytest.mark.parametrize(
    ("keep", "top", "files"),
    [
        ([], None, ["top/in/a", "top/in/deep/b", "top/out", "topless/in/d"]),
        ([], "top", ["in/a", "in/deep/b", "out"]),
        ([], "top/in", ["a", "deep/b"]),
        (["top/in/a", "top/out"], None, ["top/in/a", "top/out"]),
        (["top/in"], "top", ["in/a", "in/deep/b"]),
    ],
)
def test_only_what_is_wanted(tmp_path: Path, into: Path, keep: list[str], top: str | None, files: list[str]) -> None:
    assert unpack(packed(tmp_path, FILES), into, keep=keep, top=top, most_bytes=99) == len(files)
    assert sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()) == files


@pytest.mark.parametrize(
    ("keep", "top", "absent"),
    [(["top/in", "top/on"], None, "top/on"), ([], "to", "to"), (["top/out/x"], None, "top/out/x")],
)
def test_what_is_wanted_has_to_be_there(
    tmp_path: Path, into: Path, keep: list[str], top: str | None, absent: str
) -> None:
    archive = packed(tmp_path, FILES)
    assert refusal(archive, into, keep, top) == f"here: archive lacks what is wanted of it; expected '{absent}'"
    assert list(into.iterdir()) == []


def test_too_much_is_seen_before_anything_is_unpacked(tmp_path: Path, into: Path) -> None:
    archive = packed(tmp_path, {"a.txt": b"0" * 6, "b.txt": b"0" * 5})
    assert "too large; expected at most 10 bytes, found 11 or more" in refusal(archive, into, most=10)
    assert list(into.iterdir()) == []
    assert unpack(archive, into, keep=["a.txt"], most_bytes=6) == 6


def test_small_file_that_unpacks_to_too_much(tmp_path: Path, into: Path) -> None:
    archive = taped(tmp_path, ("bomb", b"0" * 10**7, tarfile.REGTYPE), mode="w:gz")
    assert archive.stat().st_size < 10**5
    assert "too large" in refusal(archive, into, most=10**6)


def with_sizes(archive: bytes, size: int) -> bytes:
    """Return a zip of one member whose directory says another unpacked size."""
    position = archive.index(b"PK\1\2")
    return archive[: position + 24] + struct.pack("<I", size) + archive[position + 28 :]


@pytest.mark.parametrize("size", [3, 5000])
def test_lies_about_sizes(tmp_path: Path, into: Path, size: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 1000)
    (tmp_path / "a.zip").write_bytes(with_sizes((tmp_path / "a.zip").read_bytes(), size))
    assert "damaged or of an unknown kind" in refusal(tmp_path / "a.zip", into, most=10**4)
    assert sum(path.stat().st_size for path in into.iterdir()) <= 1000


@pytest.mark.parametrize("names", [("b.txt", "b.txt"), ("b.txt", "./b.txt"), ("b", "b/c"), ("b/c", "b")])
def test_two_things_of_one_name(tmp_path: Path, into: Path, names: tuple[str, str]) -> None:
    archive = taped(tmp_path, *((name, b"1", tarfile.REGTYPE) for name in names))
    assert "two things of one name; found 'b" in refusal(archive, into)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_zip_members_of_one_name(tmp_path: Path, into: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b.txt", "1")
        archive.writestr("b.txt", "2")
    assert "two things of one name; found 'b.txt'" in refusal(tmp_path / "a.zip", into)


def damaged(folder: Path, kind: str) -> bytes:
    if kind == "zip cut off":
        return zipped(folder, FILES)[:-30]
    if kind == "byte of a zip changed":
        return zipped(folder, {"a": b"apple"}).replace(b"apple", b"appla", 1)
    if kind == "web page":
        return b"\n<!DOCTYPE HTML><title>Sign in</title>"
    mode = "w" if kind.startswith("tar") else f"w:{kind.split()[0]}"
    noise = np.random.default_rng(0).bytes(5000)  # does not compress
    content = bytearray(taped(folder, ("a", noise, tarfile.REGTYPE), mode=mode).read_bytes())
    if kind.endswith("cut off"):
        return bytes(content[:3000])
    assert kind.endswith("changed")
    content[3000] ^= 255
    return bytes(content)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("zip cut off", "found one that is cut off"),
        ("byte of a zip changed", "found Bad CRC-32 for file 'a'"),
        ("web page", "found a web page"),
        ("tar cut off", "found unexpected end of data"),
        ("gz cut off", "found Compressed file ended before"),
        ("xz cut off", "found Compressed file ended before"),
        ("bz2 changed", "found one that is cut off or damaged"),
        ("xz changed", "found one that is cut off or damaged"),
    ],
)
def test_damaged(tmp_path: Path, into: Path, kind: str, said: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(damaged(tmp_path, kind))
    text = refusal(path, into)
    assert text.startswith("here: archive is damaged or of an unknown kind; expected a zip or tar archive, ")
    assert said in text


def test_something_else(tmp_path: Path, into: Path) -> None:
    (tmp_path / "a").write_bytes(b"not an archive")
    assert refusal(tmp_path / "a", into).endswith("expected a zip or tar archive, found something else")


def test_without_room_nothing_is_unpacked(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path, {"a.txt": b"1", "deep/b.txt": bytes(BLOCK + 1), "c.txt": b"not wanted"})
    wanted = ["a.txt", "deep"]
    disk_with(monkeypatch, RESERVE + 3 * BLOCK - 1)
    with pytest.raises(RunError, match=r"into: not enough room on the disk; .* 12\.3 kB for what is unpacked"):
        unpack(archive, into, keep=wanted, most_bytes=10**6)
    assert list(into.iterdir()) == []
    asked: list[int] = []
    unpack(archive, into, keep=wanted, most_bytes=10**6, ask_room=asked.append)
    assert asked == [3 * BLOCK]  # whole blocks of each file
    assert (into / "deep" / "b.txt").stat().st_size == BLOCK + 1
