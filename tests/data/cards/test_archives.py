"""Archives that lie, or that would take all time and memory: told at once, and nothing is unpacked."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forgetbench.data.cards import archives
from forgetbench.data.cards.unpack import unpack
from forgetbench.errors import DataError


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def tape(path: Path, *members: tuple[str, bytes], mode: str = "w", **attributes: object) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return path


def pack(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refusal(archive: Path, into: Path, **bounds: int) -> str:
    limits: dict[str, Any] = {"most_bytes": 10**6, **bounds}
    with pytest.raises(DataError) as caught:
        unpack(archive, into, **limits)
    assert list(into.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize("make", [tape, pack])
def test_too_many_members(tmp_path: Path, into: Path, make: Callable[..., Path]) -> None:
    members = [(f"{index}.txt", b"x") for index in range(11)]
    assert refusal(make(tmp_path / "a", *members), into, most_members=10).endswith(
        "expected at most 10 files and folders"
    )
    assert unpack(make(tmp_path / "b", *members), into, most_bytes=11, most_members=11) == 11


def test_a_zip_with_a_directory_too_large_to_be_read(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a", *((f"{'x' * 250}{index}", b"") for index in range(20)))
    assert "a directory of 5" in refusal(archive, into, most_members=10)


@pytest.mark.parametrize("make", [tape, pack])
def test_the_work_grows_with_the_members_and_not_with_their_square(
    tmp_path: Path, into: Path, make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding a tape's member by name looks through all of them."""
    calls: Counter[str] = Counter()
    monkeypatch.setattr(tarfile.TarFile, "_getmember", lambda *_: calls.update(["by name"]))
    assert unpack(make(tmp_path / "a", *((f"d/{index}", b"x") for index in range(300))), into, most_bytes=300) == 300
    assert not calls


@pytest.mark.parametrize("make", [tape, pack])
@pytest.mark.parametrize("name", ["a" * 5000, "a" * 256, "ä" * 128, "a/" * 100 + "b", ("a" * 200 + "/") * 10 + "b"])
def test_names_that_no_file_can_have(tmp_path: Path, into: Path, make: Callable[..., Path], name: str) -> None:
    text = refusal(make(tmp_path / "a", ("ok", b""), (name, b"x")), into)
    assert "holds a name that is too long for a file" in text
    assert len(text) < 500


def test_a_header_that_asks_for_all_memory(tmp_path: Path, into: Path) -> None:
    huge = tape(tmp_path / "a", ("a", b"x"), mode="w:gz", pax_headers={"comment": "c" * 5_000_000})
    assert "a header of 500" in refusal(huge, into)
    liar = tarfile.TarInfo("name")
    liar.type, liar.size = tarfile.GNUTYPE_LONGNAME, 8**11 - 1
    (tmp_path / "b").write_bytes(liar.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "damaged" in refusal(tmp_path / "b", into)


def test_a_tape_that_goes_on_and_on(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MORE_BYTES", 1000)
    unwanted = tarfile.TarInfo("unwanted")
    unwanted.size = 10**8
    with gzip.open(tmp_path / "a", "wb") as file:
        file.write(unwanted.tobuf() + bytes(10**8))
        wanted = tarfile.TarInfo("wanted")
        wanted.size = 1
        file.write(wanted.tobuf() + b"x".ljust(512) + bytes(1024))
    with pytest.raises(DataError, match="unpacks to far more than archives do"):
        unpack(tmp_path / "a", into, keep=["wanted"], most_bytes=1)


def test_a_stated_size_larger_than_the_archive(tmp_path: Path, into: Path) -> None:
    liar = tarfile.TarInfo("a")
    liar.size = 10**15
    (tmp_path / "a").write_bytes(liar.tobuf() + bytes(2000))
    assert "too large; expected at most 1000000 bytes, found 1000000000000000 or more" in refusal(tmp_path / "a", into)


def test_names_that_differ_in_case_or_form_are_two_or_are_refused(tmp_path: Path, into: Path) -> None:
    archive = tape(tmp_path / "a", ("A", b"1"), ("a", b"2"), ("\u00e9", b"3"), ("e\u0301", b"4"))
    try:
        assert unpack(archive, into, most_bytes=4) == 4
        assert sorted(path.read_bytes() for path in into.iterdir()) == [b"1", b"2", b"3", b"4"]
    except DataError as error:  # a file system that takes them for one
        assert "two things of one name" in str(error)


def test_a_tape_that_ends_with_a_zip_is_a_tape(tmp_path: Path, into: Path) -> None:
    inner = pack(tmp_path / "inner", ("in.txt", b"x")).read_bytes()
    unpack(tape(tmp_path / "a", ("x.zip", inner)), into, most_bytes=1000)
    assert [path.name for path in into.iterdir()] == ["x.zip"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file(tmp_path: Path, into: Path) -> None:
    os.mkfifo(tmp_path / "a")
    assert refusal(tmp_path / "a", into).endswith("found it is a pipe, not a file")
    assert refusal(Path("/dev/zero"), into).endswith("found it is a device, not a file")
