"""What the summary says of what was forgotten and what was learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from forgetbench.analyse.forgotten import FEWEST_IMAGES, ClassChange, MeasureChange
from forgetbench.report.text import UNMEASURED, interval, markdown_table, points
from forgetbench.shown import in_markdown

#: AP and recall of `errors.csv`, and what they are called.
MEASURES = {
    "ap": "AP",
    "right_class_ap": "AP, right class given",
    "class_agnostic_ap": "AP, any class",
    "class_agnostic_ar": "recall, any class",
    "ap_small": "AP small",
    "ap_medium": "AP medium",
    "ap_large": "AP large",
}
#: TIDE's error types, and what they are called.
ERRORS = {
    "error_classification": "classification",
    "error_localisation": "localisation",
    "error_both": "both",
    "error_duplicate": "duplicate",
    "error_background": "background",
    "error_missed": "missed",
}
#: How many classes are named at each end; where there are no more than twice as many, all are shown.
ENDS = 5
#: What marks a class that shares its name or its meaning with one of the other dataset.
MARKS: Mapping[str | None, str] = {"name": "*", "meaning": "†", None: ""}


def forgotten_section(classes: Sequence[ClassChange], measures: Sequence[MeasureChange], heading: str) -> str:
    """Return the tables on one model, head and role, without their title; empty if there was nothing to compare.

    Args:
        classes: Rows of `classes.csv`.
        measures: Rows of `errors.csv`.
        heading: What a column of treatments is called.
    """
    if not measures:
        return ""
    first = measures[0]
    parts = [
        _explained(first),
        _before_and_after(measures, MEASURES, heading, shares=True),
        "By how many points AP50 would rise without errors of a type (TIDE), and the scores of detections that match "
        "an object:",
        _before_and_after(measures, ERRORS, heading, shares=False),
        *_class_parts([row for row in classes if row.kind == "class"], heading),
    ]
    return "\n\n".join(parts)


def _explained(row: MeasureChange) -> str:
    if row.role == "reference":
        return "In points, in brackets the share kept of what the original had, the first row."
    return f"In points, in brackets the gain over the reference arm, {in_markdown(row.against)}, the first row."


def _before_and_after(rows: Sequence[MeasureChange], names: dict[str, str], heading: str, *, shares: bool) -> str:
    """Return a table of measures (columns) before and after (rows); scores go with the error types."""
    scenes = list(dict.fromkeys((row.treatment, row.attach) for row in rows))
    found = {(row.treatment, row.attach, row.measure): row for row in rows}
    several = len({attach for _, attach in scenes}) > 1
    baseline = [points(found[(*scenes[0], measure)].before) for measure in names]
    lines = [[in_markdown(rows[0].against), *([""] if several else []), *baseline]]
    for treatment, attach in scenes:
        cells = [_after(found[treatment, attach, measure], shares) for measure in names]
        lines.append([in_markdown(treatment), *([in_markdown(attach or "")] if several else []), *cells])
    header = [heading, *(["attach"] if several else []), *names.values()]
    if not shares:
        header += ["median score", "its shift where found before and after"]
        lines[0] += [_score(found[(*scenes[0], "right_score")].before), ""]
        for line, scene in zip(lines[1:], scenes, strict=True):
            line += [
                _score(found[(*scene, "right_score")].after),
                _score(found[(*scene, "score_shift")].value, signed=True),
            ]
    return markdown_table(header, lines, left=2 if several else 1)


def _after(row: MeasureChange, shares: bool) -> str:
    if not shares or row.value is None or row.after is None:
        return points(row.after)
    if row.quantity == "gain":
        return f"{points(row.after)} ({points(row.value, signed=True)})"
    return f"{points(row.after)} ({100 * row.after / row.before:.0f} %)" if row.before else points(row.after)


def _score(score: float | None, *, signed: bool = False) -> str:
    if score is None:
        return UNMEASURED
    text = f"{score:+.2f}" if signed and round(score, 2) else f"{abs(score):.2f}"
    return text.replace("-", "−")


def _class_parts(rows: Sequence[ClassChange], heading: str) -> Iterable[str]:
    """Yield what is said of classes: all of them in a table, or those at both ends; and which are shared."""
    if not rows:
        return
    done = "lost" if rows[0].quantity == "forgetting" else "gained"
    names = list(dict.fromkeys(row.name for row in rows))
    treatments = list(dict.fromkeys(row.treatment for row in rows))
    if len(names) <= 2 * ENDS:
        found = {(row.name, row.treatment): row for row in rows}
        first = {row.name: row for row in reversed(rows)}
        table = [
            [_marked(first[name]), str(first[name].instances), points(first[name].before)]
            + [_with_interval(found[name, treatment]) for treatment in treatments]
            for name in names
        ]
        yield f"AP {done} by class, with 95 % intervals, one column for each {heading}:"
        yield markdown_table(
            ["class", "boxes", f"AP before ({in_markdown(rows[0].against)})", *map(in_markdown, treatments)], table
        )
    else:
        yield (
            f"Classes that {done} most and least AP, with 95 % intervals, of those in {FEWEST_IMAGES} images or more "
            "(`classes.csv` has all):"
        )
        yield "\n".join(_ends(treatment, rows, done) for treatment in treatments)
    shared = {row.name: row for row in rows if row.shares}
    if shared:
        other = "target" if rows[0].role == "reference" else "original"
        said = ", ".join(f"{_marked(row)} ({in_markdown(row.shared_with or '')})" for row in shared.values())
        yield f"Shared with the {other}'s classes by name (\\*) or by meaning (†): {said}."


def _ends(treatment: str, rows: Sequence[ClassChange], done: str) -> str:
    mine = [row for row in rows if row.treatment == treatment and row.images >= FEWEST_IMAGES and row.value is not None]
    mine.sort(key=lambda row: row.value or 0.0, reverse=True)
    most = ", ".join(f"{_marked(row)} {_with_interval(row)}" for row in mine[:ENDS])
    least = ", ".join(f"{_marked(row)} {_with_interval(row)}" for row in mine[: -ENDS - 1 : -1])
    return f"- {in_markdown(treatment)}: {done} most: {most or UNMEASURED}; least: {least or UNMEASURED}"


def _marked(row: ClassChange) -> str:
    return in_markdown(f"{row.name}{MARKS[row.shares]}")


def _with_interval(row: ClassChange) -> str:
    return f"{points(row.value, signed=row.quantity == 'gain')} {interval(row.low, row.high)}".rstrip()
