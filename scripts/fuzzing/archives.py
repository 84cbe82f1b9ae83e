"""Zip and tar archives, and how they are spoilt: their bytes, or names, kinds, sizes and attributes of members."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from functools import cache
from random import Random
from typing import Any

from fuzzing.mutations import WORDS, mutated_bytes
from fuzzing.samples import Files


def _members() -> dict[str, bytes]:
    return {"top/a.txt": b"apple" * 10, "top/in/b.txt": b"b", "top/in/c.bin": bytes(range(256)) * 8, "d.txt": b""}


@cache
def zips() -> list[Files]:
    """Return zip archives, stored and deflated."""
    return [
        {"archive": _zip(list(_members().items()), how)}
        for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)
    ]


def _zip(members: list[tuple[str, bytes]], how: int = zipfile.ZIP_STORED, attributes: int = 0) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = how, attributes
            archive.writestr(info, content)
    return made.getvalue()


@cache
def tars() -> list[Files]:
    """Return tapes, plain and compressed, in the three forms there are."""
    forms = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    plain = [{"archive": _tar(_members(), "w", form)} for form in forms]
    return [*plain, *({"archive": _tar(_members(), f"w:{kind}", tarfile.PAX_FORMAT)} for kind in ("gz", "bz2", "xz"))]


def _tar(members: dict[str, bytes], mode: str, form: int, **attributes: Any) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _named(random: Random) -> str:
    return (
        random.choice((*WORDS, "a/" * 300, "top/a.txt", "top", "TOP/a.txt", "x/../y", "./d.txt"))
        .replace("\ud800", "?")
        .replace("\x00", "")
    )


def mutated_zip(content: bytes, random: Random) -> bytes:
    """Return a zip of spoilt bytes, or whole with other names, kinds or sizes."""
    kind = random.randrange(4)
    if kind == 0:
        return mutated_bytes(content, random)
    if kind == 1:
        members = [*_members().items(), *((_named(random), b"x") for _ in range(random.choice((1, 2))))]
        return _zip(members, attributes=random.choice((0, 0o120777 << 16, 0o010644 << 16, 0o100644 << 16, 0x10)))
    made = bytearray(content)
    at = made.index(b"PK\1\2") if kind == 2 else made.index(b"PK\5\6")
    offset = random.choice((6, 8, 10, 16, 20, 24, 28, 30, 32, 34, 36, 38, 42) if kind == 2 else (4, 8, 10, 12, 16))
    struct.pack_into(
        "<H" if offset < 16 or 28 <= offset < 38 else "<I", made, at + offset, random.choice((0, 1, 255, 65535))
    )
    return bytes(made)


def mutated_tar(content: bytes, random: Random) -> bytes:
    """Return a tape of spoilt bytes, or whole with other names, kinds, sizes or attributes."""
    kind = random.randrange(3)
    if kind == 0:
        return mutated_bytes(content, random)
    form = random.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    if kind == 1:
        words = {_safe(random.choice(WORDS)) or "a": _safe(random.choice(WORDS))}
        known = random.choice(
            ("size", "path", "mtime", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.major", "hdrcharset", "linkpath")
        )
        attributes = {"pax_headers": random.choice((words, {known: _safe(random.choice(WORDS))}))}
        return _tar(_members(), random.choice(("w", "w:gz")), tarfile.PAX_FORMAT, **attributes)
    types = (
        tarfile.REGTYPE,
        tarfile.LNKTYPE,
        tarfile.SYMTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.GNUTYPE_SPARSE,
        b"Z",
    )
    return _tar({**_members(), _named(random): b"x"}, "w", form, type=random.choice(types), linkname=_named(random))


def _safe(text: str) -> str:
    return text.replace("\ud800", "?").replace("\x00", "?")
