"""Every chart is drawn whatever the numbers are: none, not finite, equal, or with intervals that do not hold them."""

import warnings
from collections.abc import Callable
from math import inf, isfinite, nan
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

import pytest
from matplotlib.figure import Figure

from forgetbench.analyse.costs import HELD, Cost, ModuleNorms
from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare
from forgetbench.analyse.operating import SHOWN, Standing, Standings
from forgetbench.analyse.tradeoff import Point, Treatment
from forgetbench.record.rows.changes import ClassChangeRow, MeasureChangeRow
from forgetbench.record.rows.differences import EqualGainRow, FrontRow
from forgetbench.record.rows.scores import ORIGINAL
from forgetbench.report.charts.costs import draw_costs, draw_gradients
from forgetbench.report.charts.drift import draw_drift, draw_statistics
from forgetbench.report.charts.forgotten import draw_classes, draw_errors
from forgetbench.report.charts.fronts import draw_fronts
from forgetbench.report.charts.operating import draw_operating
from forgetbench.report.charts.scores import draw_curves, draw_tradeoff
from forgetbench.report.figures import Chart, Figures
from forgetbench.report.style import chart_style, error_lengths, looks
from forgetbench.report.words import ADAPTED, ERRORS, SCORES
from forgetbench.suite.data_section import Role

Item = TypeVar("Item")
NUMBERS = (None, nan, inf, -inf, 0.0, -0.0, 0.25, 0.25, -0.1, 1.0, 1e-300, 1e300)
LOOKS = looks([(Treatment(22), "all-but-head (22)"), (Treatment(0), "none (0)"), (Treatment(0, "own"), "_own $x^2$")])
BY_LABEL = {look.label: look for look in LOOKS.values()}
ROLES: list[Role] = ["target", "reference"]
HEADS = ("one-to-many", "one-to-one")


class Numbers:
    """Draws numbers of every kind from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.kinds = self.random.sample(NUMBERS, self.random.randint(1, len(NUMBERS)))

    def maybe(self) -> float | None:
        return self.random.choice(self.kinds)

    def fraction(self) -> float | None:
        value = self.maybe()
        return value if value is None or abs(value) <= 1 else None

    def __call__(self) -> float:
        value = self.maybe()
        return nan if value is None else value

    def span(self) -> tuple[float, float] | None:
        return self.random.choice([None, (self(), self())])

    def some(self, items: list[Item]) -> list[Item]:
        """Leave out some items, at times all but one."""
        kept = [item for item in items if self.random.random() < 0.7]
        return kept or items[:1]


def points(number: Numbers) -> list[Point]:
    return number.some([
        Point("a", "m", treatment, seed, epoch, head, attach, *(number.fraction() for _ in range(4)))
        for treatment in LOOKS for seed in (0, 1) for epoch in (1, 2) for head in HEADS for attach in (None, "head")
    ])  # fmt: skip


def tradeoff(number: Numbers) -> Figure:
    return draw_tradeoff(points(number), lambda *_: (number.span(), number.span()), LOOKS, "title")


def epochs(number: Numbers) -> Figure:
    return draw_curves(points(number), {head: number.maybe() for head in HEADS}, LOOKS, "title")


def gradients(number: Numbers) -> Figure:
    norms = [
        ModuleNorms(treatment, list(modules), *([number() for _ in modules] for _ in range(3)))
        for treatment, modules in zip(LOOKS, (range(22, 23), range(3), range(0)), strict=True)
    ]
    return draw_gradients(norms, LOOKS, 10, 22, "title")


def costs(number: Numbers) -> Figure:
    spent = number.some([
        Cost(treatment, {kind: number.maybe() for kind in HELD}, number.maybe(), number.maybe(), number.maybe())
        for treatment in LOOKS
    ])  # fmt: skip
    return draw_costs(spent, number.maybe(), LOOKS, "title")


def drift(number: Numbers) -> Figure:
    drifts = [
        ModuleDrift(treatment, index, "Conv", *(number.maybe() for _ in range(5)))
        for treatment in LOOKS for index in (0, 5, 22)
    ]  # fmt: skip
    return draw_drift(number.some(drifts), LOOKS, 10, 22, "title")


def statistics(number: Numbers) -> Figure:
    shares = [
        StatisticsShare(treatment, head, adapted, number.maybe(), number.span())
        for treatment in LOOKS for head in HEADS for adapted in ADAPTED
    ]  # fmt: skip
    return draw_statistics(number.some(shares), LOOKS, "title")


def change(number: Numbers, label: str, role: Role) -> dict[str, Any]:
    return {
        "model": "m", "head": HEADS[0], "role": role, "attach": None if role == "target" else "head",
        "treatment": label, "against": ORIGINAL, "seeds": 1, "quantity": "forgetting", "before": number.maybe(),
        "after": number.maybe(), "value": number.maybe(), "images_low": None, "images_high": None, "seeds_low": None,
        "seeds_high": None, "low": number.maybe(), "high": number.maybe(),
    }  # fmt: skip


def classes(number: Numbers) -> Figure:
    role: Role = number.random.choice(ROLES)
    kinds: list[tuple[Literal["class", "super-category"], str]] = [
        ("super-category", "animal"),
        ("class", "_cat"),
        ("class", "$d$"),
    ]
    rows = [
        ClassChangeRow(**change(number, label, role), kind=kind, name=name, super_category=None, shares=None,
                    shared_with=None, instances=1, images=1)
        for label in BY_LABEL for kind, name in kinds
    ]  # fmt: skip
    return draw_classes(number.some(rows), BY_LABEL, "arm", "title")


def errors(number: Numbers) -> Figure:
    roles = number.some(ROLES)
    rows = [
        MeasureChangeRow(**change(number, label, role), measure=measure)
        for role in roles for label in BY_LABEL for measure in (*SCORES, *ERRORS)
    ]  # fmt: skip
    return draw_errors(rows, BY_LABEL, "arm", "title")


def fronts(number: Numbers) -> Figure:
    names = {treatment: look.label for treatment, look in LOOKS.items()}
    label = next(iter(BY_LABEL))
    front = [FrontRow("m", HEADS[0], "head", label, None, epoch, 1, number(), number()) for epoch in (1, 2)]
    nothing: dict[str, Any] = dict.fromkeys(EqualGainRow.__dataclass_fields__)
    equal = [
        EqualGainRow(
            **nothing | {
                "model": "m", "head": HEADS[0], "attach": "head", "at_gain": number(), "treatment": label,
                "against": ORIGINAL, "seeds": 1, "value": number.maybe(), "low": number.maybe(), "high": number.maybe(),
            }
        )
        for _ in range(3)
    ]  # fmt: skip
    return draw_fronts(points(number), number.some(front), number.some(equal), LOOKS, names, "title")


def operating(number: Numbers) -> Figure:
    class Change:
        def __init__(self) -> None:
            self.low, self.high = number.maybe(), number.maybe()
            self.quantity = number.random.choice(["gain", "forgetting"])

    rows = [
        Standing(label, measure, number.maybe(), number.random.choice([None, Change()]))  # type: ignore[arg-type]
        for label in (ORIGINAL, *BY_LABEL) for measure in SHOWN
    ]  # fmt: skip
    panels = {role: Standings(number.random.choice([ORIGINAL, None]), rows) for role in ("target", "reference")}
    return draw_operating(panels, [str(measure) for measure in SHOWN], BY_LABEL, "arm", "title")  # type: ignore[arg-type]


CHARTS = (tradeoff, epochs, gradients, costs, drift, statistics, classes, errors, fronts, operating)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_drawn_whatever_the_numbers_are(
    chart: Callable[[Numbers], Figure], seed: int, tmp_path: Path
) -> None:
    figures = Figures(tmp_path)
    with chart_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.add(Chart("chart", lambda: chart(Numbers(seed))), ["svg"])
    assert figures.failed == {}
    assert figures.drawn == ["chart"]
    assert len((tmp_path / "chart.svg").read_bytes()) > 1000


def test_error_bars_reach_nowhere_below_zero() -> None:
    assert error_lengths(0.5, (0.25, 1.0)) == (0.25, 0.5)
    assert error_lengths(0.5, (0.75, 1.0)) == (0.0, 0.5)
    assert error_lengths(0.5, (0.0, 0.25)) == (0.5, 0.0)
    assert error_lengths(0.5, None) == (0.0, 0.0)
    for value in NUMBERS[1:]:
        for low in NUMBERS[1:]:
            for high in NUMBERS[1:]:
                lengths = error_lengths(value, (low, high))
                assert all(length >= 0 and isfinite(length) for length in lengths)
