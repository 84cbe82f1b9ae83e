"""Suites by name: a file of the user's own, else one that comes with forgetbench."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forgetbench.errors import SuiteError, brief, nearest, printable
from forgetbench.files import is_there

ENDING = ".yaml"
LISTED = "`forgetbench suites` lists those that come with it."


def shipped_suites() -> dict[str, Path]:
    """Return the files of all suites that come with forgetbench by name, sorted by name."""
    package = Path(__file__).parents[1]
    inside = package / "suites"  # where a wheel has them; in a checkout they lie beside the package
    folder = inside if inside.is_dir() else package.parent / "suites"
    return {path.stem: path for path in sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stem)}


def shipped_suite(name: str) -> Path:
    """Return the file of a suite that comes with forgetbench.

    Raises:
        SuiteError: there is none of that name.
    """
    known = shipped_suites()
    if name not in known:
        near = nearest(name, known)
        raise SuiteError(
            "no suite of this name comes with forgetbench",
            where=printable(name),
            expected=f"one of {', '.join(known)}",
            fix=f"Did you mean '{near}'?" if near else None,
        )
    return known[name]


def title_of(suite: Path) -> str:
    """Return what a suite that comes with forgetbench is about: its first line, a comment."""
    with suite.open(encoding="utf-8") as file:
        return file.readline().lstrip("#").strip()


def find_suite(named: Path, *, beside: Path | None = None) -> Path:
    """Return the suite file that is meant: the very file, `<name>.yaml` in its place, or one that comes with
    forgetbench.

    Args:
        named: A path, or a plain name without an ending; if relative, it is looked for beside `beside`.
        beside: The suite file that extends it, which it is not itself; by default it was named by the user.

    Raises:
        SuiteError: there is none of these.
    """
    path = named if beside is None else beside.parent / named
    plain = _is_plain(named)
    if is_there(path) and not path.is_dir() and not (plain and path == beside):
        return path
    shipped = shipped_suites()
    if plain:
        own = path.with_name(named.name + ENDING)
        if own != beside and is_there(own):
            return own
        if named.name in shipped:
            return shipped[named.name]
    if is_there(path):
        return path  # a folder, which whoever reads it will refuse
    siblings = [file for file in path.parent.glob(f"*{ENDING}") if file != beside] if is_there(path.parent) else []
    fix = _how_to_name(path, plain, siblings, shipped)
    if beside is not None:
        raise SuiteError("no such suite file", where=f"{beside}: extends", found=brief(str(path)), fix=fix)
    raise SuiteError("no such suite file", where=path, fix=fix)


def _how_to_name(path: Path, plain: bool, siblings: Iterable[Path], shipped: Iterable[str]) -> str | None:
    if plain:
        near = nearest(path.name, [*(file.stem for file in siblings), *shipped])
        return f"Did you mean '{near}'?" if near else LISTED
    if path.stem in shipped:
        return f"'{path.stem}' alone is the one that comes with forgetbench."
    near = nearest(path.name, [file.name for file in siblings])
    return f"Did you mean '{path.with_name(near)}'?" if near else None


def _is_plain(named: Path) -> bool:
    return named.name == str(named) and named.suffix not in (ENDING, ".yml")
