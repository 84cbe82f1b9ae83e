"""Broken cards and broken archives: one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.factories import written_suite
from support.layouts import write_yolo
from support.served import Served, card, write_card, zipped

from forgetbench.cli import main as cli
from forgetbench.data.cards.pins import PINS_FILE

URL = "https://example.org/a.zip"
FILES = {"a.txt": b"apple"}


def read(**keys: Any) -> dict[str, Any]:
    return {"format": "yolo", "path": "fruit", **keys}


#: A card's content and what the error must say.
WRONG_CARDS: dict[str, tuple[Any, str]] = {
    "not YAML": ("a: [1", "fruit.card.yaml:1:"),
    "not a mapping": ("- a", "fruit.card.yaml: not a card; expected a mapping of keys to values, found a list"),
    "empty": ("", "found an empty file"),
    "tag": ("name: !!python/name:os.system x", "tag '!!python/name:os.system' is refused"),
    "alias": ("name: &x fruit\ntitle: *x", "alias '*x' is refused"),
    "key twice": ("name: a\nname: b", "key 'name' is given twice, first in line 1"),
    "missing key": (card(licence=...), "licence: missing; expected text"),
    "unknown key with its nearest": (card(license="MIT", licence=...), "license: unknown key; expected one of name,"),
    "unknown key of the data": (card(data=read(pat="x")), "data.pat: unknown key"),
    "unknown key of an archive": (
        card(archives=[{"url": URL, "sha": "x"}], most_bytes=9),
        "archives[0].sha: unknown key; expected one of url, sha256, size, keep, top, into",
    ),
    "value of another kind": (card(title=3), "title: expected text of length at least 1, found 3"),
    "no number of images": (card(images={"train": "many"}), "images.train: expected a whole number greater than 0"),
    "images that are no mapping": (card(images=3), "images: expected a mapping, found 3"),
    "classes that are no list": (card(classes="cocoa"), "classes: expected a list of 1 or more items"),
    "address of another kind": (
        card(archives=[{"url": "ftp://example.org/a.zip"}], most_bytes=9),
        "archives[0].url: expected an address that begins with https:// or http://, found 'ftp://example.org/a.zip'",
    ),
    "address of a file": (card(archives=[{"url": "file:///etc/passwd"}], most_bytes=9), "found 'file:///etc/passwd'"),
    "source without a host": (card(source="https://"), "source: expected an address"),
    "checksum of another kind": (
        card(archives=[{"url": URL, "sha256": "ABC"}], most_bytes=9),
        "archives[0].sha256: expected 64 hexadecimal digits, lower case, or null if unseen, found 'ABC'",
    ),
    "name of another file": (card("grape"), "name: a card is called as its file is; expected fruit, found grape"),
    "name that is a path": (card("../fruit"), "name: expected 1 to 64 letters, digits, '.', '_' or '-'"),
    "neither archives nor by hand": (card(by_hand=...), "needs 'archives' to download, or 'by_hand' saying"),
    "archives without a bound": (card(archives=[{"url": URL}]), "'archives' need 'most_bytes'"),
    "path that leaves the data home": (
        card(data=read(path="../fruit"), archives=[{"url": URL}], most_bytes=9),
        "'data.path' leads out of the folder that downloads go to; expected a relative path without '..'",
    ),
    "absolute path": (card(data=read(path="/etc"), archives=[{"url": URL}], most_bytes=9), "found '/etc'"),
    "archive unpacked elsewhere": (
        card(archives=[{"url": URL, "into": "../x"}], most_bytes=9),
        "archives[0].into: expected a relative path without '..', found '../x'",
    ),
    "data of no format": (card(data={"path": "fruit"}), "data: needs 'format'"),
    "data without a path": (card(data={"format": "yolo"}), "data: format 'yolo' needs 'path'"),
    "drawn data": (card(data={"format": "shapes", "world": "fine"}), "'data.format' is 'shapes'"),
    "limit": (card(data=read(limit=3)), "'data.limit' makes a subset; say of what with 'subset_of'"),
    "card of a card": (card(data=read(card="bccd")), "'data.card' belongs into a suite, not into a card"),
    "a suite": ("extends: other.yaml", "fruit.card.yaml: "),
}  # fmt: skip


def refused(tmp_path: Path, *arguments: object) -> str:
    """Return the one line that a command ends with, having changed nothing but the cache."""

    def everything() -> list[Path]:
        return sorted(path for path in tmp_path.rglob("*") if "cache" not in path.relative_to(tmp_path).parts)

    before = everything()
    done = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.output
    assert everything() == before
    return done.stderr


@pytest.mark.parametrize("name", [name for name in WRONG_CARDS if name != "a suite"])
def test_wrong_card(served: Served, tmp_path: Path, name: str) -> None:
    content, said = WRONG_CARDS[name]
    file = write_card(tmp_path, content)
    suite = written_suite(tmp_path, target={"card": "fruit", "format": None, "world": None})
    for command in (("data", "fetch", "fruit"), ("data", "path", file), ("data", "check", "fruit"), ("check", suite)):
        line = refused(tmp_path, *command)
        assert said in line
        assert str(file) in line
        assert line.count("\n") == 1
    assert served.asked == []


def test_nearest_key_is_named_once(served: Served, tmp_path: Path) -> None:
    write_card(tmp_path, WRONG_CARDS["unknown key with its nearest"][0])
    line = refused(tmp_path, "data", "fetch", "fruit", "-q")
    assert line.endswith("did you mean 'licence'?\n")
    assert "missing" not in line


def test_several_problems_of_a_card_are_listed(served: Served, tmp_path: Path) -> None:
    write_card(tmp_path, WRONG_CARDS["a suite"][0])
    lines = refused(tmp_path, "data", "list").splitlines()
    assert lines[0].endswith("5 problems")
    assert any("extends: unknown key here; 'extends' belongs into a suite file" in line for line in lines)


@pytest.mark.parametrize("command", ["fetch", "check", "path"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("frut", "frut: no such card; expected one of bccd,"),
        ("fruit9s", "Did you mean 'fruit9'?"),
        ("../fruit", "no such card file"),
        ("absent.card.yaml", "absent.card.yaml: no such card file"),
        (".", "no such card"),
    ],
)
def test_unknown_card(served: Served, tmp_path: Path, command: str, given: str, said: str) -> None:
    assert said in refused(tmp_path, "data", command, given)


def test_unknown_card_of_a_suite(served: Served, tmp_path: Path) -> None:
    suite = written_suite(tmp_path, target={"card": "fruit8", "format": None, "world": None})
    assert "fruit8: no such card" in refused(tmp_path, "run", suite)
    suite = written_suite(tmp_path, target={"card": "../fruit", "format": None, "world": None})
    assert "target.card: expected 1 to 64 letters, digits" in refused(tmp_path, "run", suite)
    suite = written_suite(tmp_path, target={"card": "fruit9"})
    assert "target: 'card' and format 'shapes' exclude each other" in refused(tmp_path, "run", suite)


def tar_of(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, "/etc/passwd", len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zip_with_link(folder: Path) -> bytes:
    member = zipfile.ZipInfo("linked")
    member.external_attr = 0o120777 << 16
    return zipped(folder, {member: b"/etc/passwd"})  # type: ignore[dict-item]


def zip_twice(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.txt", "1")
        archive.writestr("a.txt", "2")
    return buffer.getvalue()


def zip_that_lies(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 10**6)
    content = buffer.getvalue()
    position = content.index(b"PK\1\2") + 24
    return content[:position] + struct.pack("<I", 10) + content[position + 4 :]


#: What the server gives, how the card's archive and the card differ from good ones, and what the error must say.
Archive = tuple[Callable[[Path], bytes | None], dict[str, Any], str]
WRONG_ARCHIVES: dict[str, Archive] = {
    "not there": (lambda _: None, {}, "cannot be downloaded; found 404 Client Error"),
    "web page": (lambda _: b"<!doctype html><p>Log in", {}, "archive is damaged or of an unknown kind; expected a zip"),
    "empty": (lambda _: b"", {}, "found something else"),
    "cut off": (lambda folder: zipped(folder, FILES)[:-10], {}, "found one that is cut off or damaged"),
    "way out": (lambda folder: zipped(folder, {"../evil": b""}), {}, "archive is unsafe, nothing was unpacked"),
    "absolute member": (lambda folder: zipped(folder, {"/etc/evil": b""}), {}, "inside it, found '/etc/evil'"),
    "link in a zip": (zip_with_link, {}, "only files and folders inside it, found 'linked'"),
    "link in a tar": (lambda _: tar_of("linked", tarfile.SYMTYPE), {}, "found 'linked'"),
    "hard link": (lambda _: tar_of("linked", tarfile.LNKTYPE), {}, "found 'linked'"),
    "device": (lambda _: tar_of("device", tarfile.CHRTYPE), {}, "found 'device'"),
    "pipe": (lambda _: tar_of("pipe", tarfile.FIFOTYPE), {}, "found 'pipe'"),
    "name that breaks a line": (lambda folder: zipped(folder, {"a\nb": b""}), {}, r"found 'a\nb'"),
    "bomb": (lambda _: tar_of("bomb", content=b"0" * 10**7, mode="w:gz"), {}, "too large; expected at most 1000 bytes"),
    "lies about sizes": (zip_that_lies, {}, "archive is damaged or of an unknown kind"),
    "two members of one name": (zip_twice, {}, "archive holds two things of one name; found 'a.txt'"),
    "member absent": (lambda folder: zipped(folder, FILES), {"keep": ["b.txt"]}, "lacks what is wanted of it"),
    "folder absent": (lambda folder: zipped(folder, FILES), {"top": "fruit"}, "expected 'fruit'"),
    "wrong checksum": (lambda folder: zipped(folder, FILES), {"sha256": "0" * 64}, f"sha256 {'0' * 64}, found"),
    "wrong size": (lambda folder: zipped(folder, FILES), {"size": 7}, "another size than expected; expected 7 bytes"),
}  # fmt: skip


def offered(served: Served, folder: Path, content: bytes | None, archive: dict[str, Any], **changes: Any) -> str:
    url = f"{served.address}/fruit.zip" if content is None else served.add("fruit.zip", content)
    write_card(folder, card(archives=[{"url": url, **archive}], most_bytes=1000, by_hand=..., **changes))
    return url


@pytest.mark.parametrize("name", WRONG_ARCHIVES)
def test_wrong_archive(served: Served, tmp_path: Path, name: str) -> None:
    make, archive, said = WRONG_ARCHIVES[name]
    url = offered(served, tmp_path, make(tmp_path), archive)
    (tmp_path / "data").mkdir()
    line = refused(tmp_path, "data", "fetch", "fruit", "-q")
    assert line.startswith(f"error: {url}: ")
    assert said in line
    assert line.count("\n") == 1


def test_archive_that_lacks_what_the_data_must_hold(served: Served, tmp_path: Path) -> None:
    offered(served, tmp_path, zipped(tmp_path, FILES), {}, holds=["a.txt", "labels"])
    (tmp_path / "data").mkdir()
    assert "data are incomplete; expected labels" in refused(tmp_path, "data", "fetch", "fruit", "-q")


@pytest.mark.parametrize("text", [None, "{", '{"x": 1}'])
def test_pin_that_differs_or_cannot_be_read(served: Served, tmp_path: Path, text: str | None) -> None:
    url = offered(served, tmp_path, zipped(tmp_path, FILES), {})
    pin = {url: {"sha256": "0" * 64, "size": 1, "first_seen": "2026-01-31"}}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / PINS_FILE).write_text(str(pin).replace("'", '"') if text is None else text)
    line = refused(tmp_path, "data", "fetch", "fruit", "-q")
    if text is None:
        assert f"expected sha256 {'0' * 64}, pinned on 2026-01-31, found" in line
    else:
        assert f"{PINS_FILE}: pinned checksums cannot be read" in line
    assert line.count("\n") == 1


def test_data_that_are_others_than_their_cards(served: Served, tmp_path: Path) -> None:
    write_yolo(tmp_path / "fruit", {"a.png": "0 0.5 0.5 0.2 0.4\n"})
    write_card(tmp_path, card(data=read(names=["cat", "dog"])))
    assert "no class agrees; expected 2 (apple, pear), found 2 (cat, dog)" in refused(
        tmp_path, "data", "check", "fruit"
    )


def test_server_that_is_not_there(served: Served, tmp_path: Path) -> None:
    write_card(tmp_path, card(archives=[{"url": "http://127.0.0.1:9/a.zip"}], most_bytes=9, by_hand=...))
    line = refused(tmp_path, "data", "fetch", "fruit", "-q")
    assert "http://127.0.0.1:9/a.zip: cannot be downloaded" in line
    assert line.count("\n") == 1
