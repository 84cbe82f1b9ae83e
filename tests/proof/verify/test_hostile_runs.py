"""Runs that somebody made to do harm: nothing outside their folder is read or written, and an answer comes at once."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from support.finished_run import (
    Arrays,
    change_cell,
    change_json,
    change_tensors,
    copy_of,
    original_detections,
    runs_folder,
    seal,
)

from forgetbench import stored
from forgetbench.errors import CorruptRunError, ForgetbenchError
from forgetbench.housekeeping.clean import clean
from forgetbench.housekeeping.runs import list_runs
from forgetbench.proof import verify
from forgetbench.proof.pack import pack_run
from forgetbench.proof.verify import Verification, verify_run
from forgetbench.report import figures
from forgetbench.report.fonts import Glyphs
from forgetbench.ship.export import export_run
from forgetbench.ship.price import price_run
from forgetbench.ship.recommend import recommend_from
from forgetbench.sweep.redraw import redraw
from forgetbench.sweep.reproduce import reproduce_run

MODEL = "yolov8p-shapes"
REPRODUCED = "reproduced"
#: Names that lead elsewhere, or nowhere.
WAYS_OUT = (
    "x/../../../outside", "../outside", "/outside", "..", ".", "", "a/b", "a\\..\\b", "C:\\x", "a\0b", "\x1b[2J",
    "x" * 300,
)  # fmt: skip
#: What no answer takes as long as, even on a busy machine; only something that hangs does.
SECONDS = 120


class Watched:
    """Files that were opened, made, moved or removed while it watched; Python tells of all but what libraries open."""

    def __init__(self) -> None:
        self.on, self.touched = False, set[Path]()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink"):
            for argument in arguments[:2]:
                if isinstance(argument, str | bytes | os.PathLike):
                    self.touched.add(Path(os.path.abspath(os.fsdecode(argument))))  # noqa: PTH100


WATCHED = Watched()
sys.addaudithook(WATCHED)


@contextmanager
def watching(*allowed: Path) -> Iterator[None]:
    """Check that of the folder above a run nothing is touched but what is allowed, and that it does not hang."""
    above = allowed[0].parent

    def late(*_: Any) -> None:
        raise TimeoutError("no answer")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    before = sorted(path for path in above.rglob("*") if not any(path.is_relative_to(place) for place in allowed))
    WATCHED.on, WATCHED.touched = True, set()
    try:
        yield
    finally:
        WATCHED.on = False
        signal.alarm(0)
    outside = [path for path in WATCHED.touched if path.is_relative_to(above) and path != above]
    assert [path for path in outside if not any(path.is_relative_to(place) for place in allowed)] == []
    assert before == sorted(
        path for path in above.rglob("*") if not any(path.is_relative_to(place) for place in allowed)
    )


@pytest.fixture
def run(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a run in a folder of its own, beside things that are none of its business.

    Where `reproduce` makes the run again, it is made already, which spares most tests to train.
    """
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    shutil.copy(original_detections(small_run), tmp_path / "outside.safetensors")
    runs_folder(small_run, tmp_path / REPRODUCED)
    places = [(tmp_path / name).resolve() for name in (small_run.name, REPRODUCED)]

    def guarded(path: Path, **named: Any) -> Any:
        assert any(Path(path).resolve().is_relative_to(place) for place in places), path
        return safe_open(path, **named)

    monkeypatch.setattr(stored, "safe_open", guarded)
    monkeypatch.setattr(figures, "render", lambda figure, _: ({}, Glyphs()))  # pixels take most of the time
    return copy_of(small_run, tmp_path)


def set_in(*keys: str | int, to: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = to

    return change


def renamed(old: str, new: str) -> Callable[[Any], None]:
    """Return a change of a name everywhere in a manifest, as keys and as values."""

    def change(content: Any) -> None:
        text = json.dumps(content)
        replaced = json.loads(text.replace(json.dumps(old), json.dumps(new)))
        content.clear()
        content.update(replaced)

    return change


def answers(run: Path) -> tuple[Verification | ForgetbenchError, dict[str, ForgetbenchError | None]]:
    """Return what `verify` finds in a run, and what the other commands that read one say of it."""
    verification: Verification | ForgetbenchError
    with watching(run):
        try:
            verification = verify_run(run)
        except ForgetbenchError as error:
            verification = error
    said: dict[str, ForgetbenchError | None] = {}
    packed, reproduced = run.parent / "packed", run.parent / REPRODUCED
    packed.mkdir(exist_ok=True)
    commands: dict[str, Callable[[], object]] = {
        "report": lambda: redraw(run),
        "pack": lambda: pack_run(run, packed / "run.tar.gz"),
        "reproduce": lambda: reproduce_run(run, output=reproduced, overrides=["target.path=nowhere"]),
        "export": lambda: export_run(run, packed / "mine.pt", arm="10"),
        "recommend": lambda: recommend_from(run, max_forgetting=0.01, keep=["ring"]),
        "price": lambda: price_run(run),
    }
    for name, command in commands.items():
        with watching(run, packed, reproduced):
            try:
                command()
                said[name] = None
            except ForgetbenchError as error:
                said[name] = error
    with watching(run):
        list_runs(run)
        clean([run], yes=True)
    return verification, said


def test_of_an_honest_run_every_command_says_nothing(run: Path) -> None:
    _, said = answers(run)
    assert set(said.values()) == {None}


def is_refused(found: Verification | ForgetbenchError) -> bool:
    return isinstance(found, ForgetbenchError) or bool(found.findings)


@pytest.mark.parametrize(
    ("what", "name"),
    [
        *((MODEL, name) for name in WAYS_OUT),
        *((what, name) for what in (f"{MODEL}-freeze10-seed0", "small") for name in WAYS_OUT[::3]),
    ],
)
def test_names_that_lead_out_make_no_path(run: Path, what: str, name: str) -> None:
    change_json(run / "manifest.json", renamed(what, name))
    seal(run)
    verification, said = answers(run)
    assert isinstance(verification, Verification)
    assert [check.name for check in verification.checks if check.findings] == ["manifest"]
    assert "manifest.json" in verification.findings[0].where
    for error in said.values():
        assert "not what a run's manifest has here" in str(error)


@pytest.mark.parametrize("name", WAYS_OUT[:2])
@pytest.mark.parametrize(
    "keys", [("identity", "target", "evaluate"), ("data", "target", "fingerprint"), ("id",)], ids=lambda keys: keys[-1]
)
def test_hashes_that_lead_out_make_no_path(run: Path, keys: tuple[str, ...], name: str) -> None:
    change_json(run / "manifest.json", set_in(*keys, to=name))
    seal(run)
    verification, said = answers(run)
    assert is_refused(verification)
    assert [name for name, error in said.items() if error is None] == []


@pytest.mark.parametrize("table", ["results.csv", "batchnorm.csv"])
@pytest.mark.parametrize("name", ["../../outside.safetensors", "/outside.safetensors"])
def test_detections_elsewhere_are_not_opened(run: Path, table: str, name: str) -> None:
    change_cell(run / table, "detections", {}, lambda _: name)
    seal(run)
    verification, _ = answers(run)
    assert isinstance(verification, Verification)
    assert any("a name that is none" in finding.problem for finding in verification.findings)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "a/../../outside", "x\\y"])
def test_a_seal_that_names_what_lies_elsewhere_is_none(run: Path, name: str) -> None:
    with (run / "DONE").open("a", encoding="utf-8") as file:
        file.write("0" * 64 + f"  {name}\n")
    verification, said = answers(run)
    for error in (verification, *(said[name] for name in ("pack", "reproduce", "export", "recommend", "price"))):
        assert "not a seal" in str(error)


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_link_out(path: Path) -> None:
    path.symlink_to(Path(os.path.relpath(path.parents[len(path.parents) - 1], path.parent)))


def as_link_to_secret(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def as_link_inside(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


THINGS = (as_pipe, as_zeros, as_link_out, as_link_to_secret, as_link_inside)


@pytest.mark.parametrize(("thing", "pattern"), [
    (thing, pattern) for number, pattern in enumerate(
    [
        "manifest.json", "DONE", "results.csv", "evidence.csv", "summary.md", "detections/*.safetensors",
        "detections/*.json", "annotations/*", "checkpoints/*/*", "sessions/*/complete.json", "figures/*.svg",
        "detections", "figures", "new.csv", ".hidden",
    ]) for thing in (THINGS[number % 5], THINGS[(number + 2) % 5])
])  # fmt: skip
def test_what_is_no_regular_file_is_never_opened(run: Path, pattern: str, thing: Callable[[Path], None]) -> None:
    path = next(iter(sorted(run.glob(pattern))), run / pattern)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    thing(path)
    verification, said = answers(run)
    assert is_refused(verification)
    if isinstance(verification, Verification):
        assert [check.name for check in verification.checks if check.findings] == ["files"]
    assert [name for name, error in said.items() if error is None] == []


#: What a value may be replaced by.
OTHERS: tuple[Any, ...] = (None, True, -1, 0, 2**70, 1e308, "", "x", [], {}, [[]], {"a": {}}, ["x"], [1e308])


def leaves(content: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where every value of a manifest is, containers included."""
    yield keys
    if isinstance(content, dict | list):
        for key, inner in content.items() if isinstance(content, dict) else enumerate(content):
            yield from leaves(inner, (*keys, key))


@pytest.mark.parametrize("seed", range(40))
def test_other_values_in_a_manifest_get_an_answer_from_every_command(
    run: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "CHECKS", [check for check in verify.CHECKS if check[0] != "report"])
    chance = random.Random(seed)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    keys = chance.choice([keys for keys in leaves(manifest) if keys])
    set_in(*keys, to=chance.choice(OTHERS))(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    seal(run)
    answers(run)  # a ForgetbenchError, findings, or nothing where the value decides nothing


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("file", ["manifest.json", "sessions/yolov8p-shapes-seed0/complete.json"])
def test_deep_nesting_gets_an_answer(run: Path, file: str, opening: str) -> None:
    (run / file).write_text(opening * 200_000, encoding="utf-8")
    seal(run)
    verification, _ = answers(run)
    assert is_refused(verification)


@pytest.mark.parametrize("value", ["x", "1e999", "nan", "9" * 5000, "[]", "=1+1", "\x1b[31m"])
@pytest.mark.parametrize(
    "cell",
    ["results.csv ap", "evidence.csv low", "times.csv seconds", "intervals.csv arm", "modules.csv flops"],
)
def test_other_values_in_tables_get_an_answer(run: Path, cell: str, value: str) -> None:
    table, column = cell.split()
    change_cell(run / table, column, {}, lambda _: value)
    seal(run)
    verification, _ = answers(run)
    assert is_refused(verification)


@pytest.mark.parametrize("value", [-1, 2**15 - 1])
@pytest.mark.parametrize("column", ["image", "label"])
@pytest.mark.parametrize("files", ["detections", "annotations"])
def test_positions_that_nothing_has_reach_nowhere(run: Path, files: str, column: str, value: int) -> None:
    """Compiled code that counts by position may not look whether there is such a position."""

    def change(arrays: Arrays, _: dict[str, Any]) -> None:
        arrays[column][:] = value

    for file in (run / files).glob("*.safetensors"):
        change_tensors(file, change)
    seal(run)
    verification, said = answers(run)
    assert is_refused(verification)
    assert isinstance(said["recommend"], CorruptRunError)
    assert files == "annotations" or isinstance(said["export"], CorruptRunError)  # which takes them from the data


@pytest.mark.parametrize(
    "name", ["../up", "/abs", "a/../../up", "run/../../up", "run/manifest.json/x"], ids=lambda name: name
)
def test_an_archive_unpacks_nowhere_else(run: Path, name: str, tmp_path: Path) -> None:
    archive = tmp_path / "packed" / "run.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tape:
        tape.add(run, "run")
        tape.addfile(tarfile.TarInfo(name))
    with watching(archive), pytest.raises(ForgetbenchError):
        verify_run(archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_an_archive_holds_regular_files_only(run: Path, kind: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "packed" / "run.tar"
    archive.parent.mkdir()
    with tarfile.open(archive, "w") as tape:
        tape.add(run, "run")
        member = tarfile.TarInfo("run/link")
        member.type, member.linkname = kind, "/etc/hostname"
        tape.addfile(member)
    with watching(archive), pytest.raises(ForgetbenchError, match="unsafe"):
        verify_run(archive)
