"""What was forgotten and what was learnt: by measure, by kind of error and by class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forgetbench.analyse.breakdown import FEWEST_IMAGES
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.report.blocks import Block, FigureOf, Heading, Items, Name, Paragraph, Table, Text, joined, text
from forgetbench.report.model_view import ModelView
from forgetbench.report.text import UNMEASURED, counted_seeds, interval, points
from forgetbench.report.words import CHANGED, ERRORS, MARKS, SCORES, told_apart

#: How many classes are named at each end; where there are no more than twice as many, all are shown.
ENDS = 5


def section(view: ModelView) -> Iterator[Block]:
    """Yield what changed on both datasets, by head; nothing where nothing did."""
    for head, of_head, suffix in told_apart(one.head for one in view.changed):
        for one in view.changed:
            if one.head == head:
                data = Name(view.run.data[one.role]["name"])
                yield Heading((Name(view.name + of_head), f": {CHANGED[one.role]} (", data, ")"))
                called = f"{view.called} ({counted_seeds(one.measures[0].seeds)})"
                yield from changes(one.classes, one.measures, called)
                yield FigureOf(f"classes-{view.name}-{one.role}{suffix}")
        yield FigureOf(f"errors-{view.name}{suffix}")


def changes(classes: Sequence[ClassChangeRow], measures: Sequence[MeasureChangeRow], heading: str) -> Iterator[Block]:
    """Yield the tables on one model, head and role.

    Args:
        classes: Rows of `classes.csv`.
        measures: Rows of `errors.csv`, at least one.
        heading: What a column of treatments is called.
    """
    yield Paragraph(_explained(measures[0]))
    yield _before_and_after(measures, SCORES, heading, shares=True)
    yield Paragraph(
        "By how many points AP50 would rise without errors of a type (TIDE), and the scores of detections that match "
        "an object:"
    )
    yield _before_and_after(measures, ERRORS, heading, shares=False)
    yield from _by_class([row for row in classes if row.kind == "class"], heading)


def _explained(row: MeasureChangeRow) -> Text:
    if row.role == "reference":
        return "In points, in brackets the share kept of what the original had, the first row."
    return "In points, in brackets the gain over the reference arm, ", Name(row.against), ", the first row."


def _before_and_after(
    rows: Sequence[MeasureChangeRow], names: Mapping[str, str], heading: str, *, shares: bool
) -> Table:
    """Return a table of measures (columns) before and after (rows); scores go with the error types."""
    scenes = list(dict.fromkeys((row.treatment, row.attach) for row in rows))
    found = {(row.treatment, row.attach, row.measure): row for row in rows}
    several = len({attach for _, attach in scenes}) > 1
    baseline = [points(found[(*scenes[0], measure)].before) for measure in names]
    lines: list[list[Text]] = [[Name(rows[0].against), *([""] if several else []), *baseline]]
    for treatment, attach in scenes:
        cells = [_after(found[treatment, attach, measure], shares) for measure in names]
        lines.append([Name(treatment), *([Name(attach or "")] if several else []), *cells])
    header = [heading, *(["attach"] if several else []), *names.values()]
    if not shares:
        header += ["median score", "its shift where found before and after"]
        lines[0] += [_score(found[(*scenes[0], "right_score")].before), ""]
        for line, scene in zip(lines[1:], scenes, strict=True):
            line += [
                _score(found[(*scene, "right_score")].after),
                _score(found[(*scene, "score_shift")].value, signed=True),
            ]
    return Table(header, lines, left=2 if several else 1)


def _after(row: MeasureChangeRow, shares: bool) -> str:
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


def _by_class(rows: Sequence[ClassChangeRow], heading: str) -> Iterator[Block]:
    """Yield what is said of classes: all of them in a table, or those at both ends; and which are shared."""
    if not rows:
        return
    done = "lost" if rows[0].quantity == "forgetting" else "gained"
    treatments = list(dict.fromkeys(row.treatment for row in rows))
    if len({row.name for row in rows}) <= 2 * ENDS:
        yield Paragraph(f"AP {done} by class, with 95 % intervals, one column for each {heading}:")
        yield _all_classes(rows, treatments)
    else:
        yield Paragraph(
            f"Classes that {done} most and least AP, with 95 % intervals, of those in {FEWEST_IMAGES} images or more "
            "(`classes.csv` has all):"
        )
        yield Items([_ends(treatment, rows, done) for treatment in treatments])
    shared = {row.name: row for row in rows if row.shares}
    if shared:
        other = "target" if rows[0].role == "reference" else "original"
        said = joined((_marked(row), " (", Name(row.shared_with or ""), ")") for row in shared.values())
        yield Paragraph(text(f"Shared with the {other}'s classes by name (\\*) or by meaning (†): ", said, "."))


def _all_classes(rows: Sequence[ClassChangeRow], treatments: Sequence[str]) -> Table:
    found = {(row.name, row.treatment): row for row in rows}
    first = {row.name: row for row in reversed(rows)}
    lines: list[list[Text]] = [
        [
            _marked(first[name]),
            str(first[name].instances),
            points(first[name].before),
            *(_with_interval(found[name, treatment]) for treatment in treatments),
        ]
        for name in dict.fromkeys(row.name for row in rows)
    ]
    header: list[Text] = ["class", "boxes", ("AP before (", Name(rows[0].against), ")"), *map(Name, treatments)]
    return Table(header, lines)


def _ends(treatment: str, rows: Sequence[ClassChangeRow], done: str) -> Text:
    mine = [row for row in rows if row.treatment == treatment and row.images >= FEWEST_IMAGES and row.value is not None]
    mine.sort(key=lambda row: row.value or 0.0, reverse=True)
    most, least = (
        joined((_marked(row), f" {_with_interval(row)}") for row in end) if end else UNMEASURED
        for end in (mine[:ENDS], mine[: -ENDS - 1 : -1])
    )
    return text(Name(treatment), f": {done} most: ", most, "; least: ", least)


def _marked(row: ClassChangeRow) -> Name:
    return Name(f"{row.name}{MARKS[row.shares]}")


def _with_interval(row: ClassChangeRow) -> str:
    return f"{points(row.value, signed=row.quantity == 'gain')} {interval(row.low, row.high)}".rstrip()
