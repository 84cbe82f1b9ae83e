"""Whether a run's charts and summary follow from its tables."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import matplotlib.image
import numpy as np

from forgetbench.progress import Progress
from forgetbench.proof.verify.findings import CheckResult, SealedRun
from forgetbench.record.code import code_version
from forgetbench.report.fonts import fonts_said
from forgetbench.report.write import write_report
from forgetbench.scratch import scratch_folder


def check_report(subject: SealedRun, check: CheckResult, progress: Progress) -> None:
    """Write the summary and draw the charts again, and compare.

    Charts are compared where matplotlib and the platform are those of the run: SVG byte for byte, PNG by their pixels.
    Another version of forgetbench may word and draw differently, so then differences are notes and not findings.
    """
    progress.message("drawing the charts again", "detail")
    compared = CheckResult(check.name)
    _compare(subject, compared)
    check.checked, check.notes = compared.checked, compared.notes
    here = code_version()
    if all(subject.manifest["environment"][key] == here[key] for key in ("forgetbench", "commit")):
        check.findings += compared.findings
    elif compared.findings:
        count = len(compared.findings)
        check.notes.append(f"{count} differences, but another forgetbench wrote it; the first: {compared.findings[0]}")


def _compare(subject: SealedRun, check: CheckResult) -> None:
    folder = subject.folder.path
    with scratch_folder() as place:
        drawn = {path.relative_to(place).as_posix(): path for path in write_report(folder, place)}
        _compare_lines(check, "summary.md", folder / "summary.md", drawn.pop("summary.md"))
        figures = {path for path in subject.sealed if path.startswith("figures/")}
        maps = {path for path in figures if path.startswith("figures/cam-")}
        for path in sorted(figures - maps ^ set(drawn)):
            check.find(
                path, "found, and no chart of this run" if path in figures else "missing, `forgetbench report` draws it"
            )
        check.checked = "summary.md written again"
        environment = subject.manifest["environment"]
        here = metadata.version("matplotlib"), f"{platform.system()} {platform.machine()}"
        there = environment["packages"].get("matplotlib"), environment["platform"]
        if here == there:
            comparable = figures & set(drawn)
            others = {path for path in comparable if _other_fonts(folder / path, drawn[path])}
            for path in sorted(comparable - others):
                if (folder / path).is_file():
                    (_compare_lines if path.endswith(".svg") else _compare_pixels)(
                        check, path, folder / path, drawn[path]
                    )
            check.checked += f", {len(comparable - others)} charts drawn again"
            if others:
                check.notes.append(
                    f"{len(others)} charts name things in scripts for which this machine has other fonts than the one "
                    f"that drew them: only their hashes were checked ({', '.join(sorted(others))})"
                )
        else:
            made = " on ".join(map(str, there))
            check.notes.append(f"charts were drawn with matplotlib {made}, here is {here[0]} on {here[1]}: not redrawn")
        if maps:
            check.notes.append(f"{len(maps)} figures of activation maps need the model: only their hashes were checked")


def _other_fonts(found: Path, drawn: Path) -> bool:
    """Tell whether a chart needs further fonts, and the ones here differ from the ones that drew it."""
    here, there = drawn.with_suffix(".svg"), found.with_suffix(".svg")
    needed = fonts_said(here) if here.is_file() else ""
    return bool(needed) and there.is_file() and fonts_said(there) != needed


def _compare_lines(check: CheckResult, name: str, found: Path, expected: Path) -> None:
    if not found.is_file() or found.read_bytes() == expected.read_bytes():
        return
    lines = [path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (found, expected)]
    if len(lines[0]) != len(lines[1]):
        check.find(name, f"found {len(lines[0])} lines, expected {len(lines[1])}")
    for number, (line, wanted) in enumerate(zip(*lines, strict=False), start=1):
        if line != wanted:
            start = max(0, next((i for i, (a, b) in enumerate(zip(line, wanted, strict=False)) if a != b), 0) - 20)
            check.find(
                f"{name}, line {number}", f"found {line[start : start + 50]!r}, expected {wanted[start : start + 50]!r}"
            )


def _compare_pixels(check: CheckResult, name: str, found: Path, expected: Path) -> None:
    if found.read_bytes() == expected.read_bytes():
        return
    try:
        pixels = matplotlib.image.imread(found)
    except (OSError, ValueError, SyntaxError) as error:
        check.find(name, f"not a readable image: {error}")
        return
    wanted = matplotlib.image.imread(expected)
    if pixels.shape != wanted.shape or not np.array_equal(pixels, wanted):
        check.find(name, "not the chart that the run's tables give")
