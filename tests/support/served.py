"""A server on this machine that downloads are tested against, archives to download, and cards that name them."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Served:
    """What the server gives, and how it behaves.

    Attributes:
        address: Its address, without a slash at the end.
        files: Contents by path.
        ranges: Whether it goes on in the middle of a file when asked to.
        versioned: Whether it says which version of a file it gives.
        sized: Whether it says how large a file is.
        cut_after: It closes the connection after this many bytes of a file.
        asked: The Range header of every request, empty where there was none.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    versioned: bool = True
    sized: bool = True
    cut_after: int | None = None
    asked: list[str] = field(default_factory=list)

    def add(self, path: str, content: bytes) -> str:
        """Serve a file; return its address."""
        self.files[path] = content
        return f"{self.address}/{path}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                served.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                served.answer(self)

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        content = self.files.get(request.path.lstrip("/"))
        asked = request.headers.get("Range", "")
        self.asked.append(asked)
        if content is None:
            request.send_error(404)
            return
        version = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        start = 0
        if asked and self.ranges and request.headers.get("If-Range") in (None, version):
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])  # type: ignore[index]
        if start >= len(content) > 0:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.versioned:
            request.send_header("ETag", version)
        if self.sized:
            request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        body = content[start:] if request.command == "GET" else b""
        request.wfile.write(body if self.cut_after is None else body[: self.cut_after])


def zipped(folder: Path, files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a zip archive."""
    path = folder / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = path.read_bytes()
    path.unlink()
    return content


def card(name: str = "fruit", **changes: Any) -> dict[str, Any]:
    """Return a card's content, changed; a key set to `...` is left out."""
    content: dict[str, Any] = {
        "name": name,
        "title": "Some fruit",
        "source": "https://example.org/fruit",
        "licence": "CC0",
        "data": {"format": "yolo", "path": name, "names": ["apple", "pear"]},
        "classes": ["apple", "pear"],
        "by_hand": "Draw some fruit",
        **changes,
    }
    return {key: value for key, value in content.items() if value is not ...}


def write_card(folder: Path, content: Mapping[str, Any] | str, name: str = "fruit") -> Path:
    """Write a card, or text in its place, as a suite's own card; return its path."""
    path = folder / f"{name}.card.yaml"
    path.write_text(
        content if isinstance(content, str) else yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8"
    )
    return path
