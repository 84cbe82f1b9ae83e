"""What measures are called in the report."""

from forgetbench.report.sections.evidence import RANKED
from forgetbench.report.words import MEASURES, told_apart
from forgetbench.suite.measures import KEPT_MEASURES, WHOLE_MEASURES


def test_every_measure_has_a_name() -> None:
    assert tuple(MEASURES) == (*WHOLE_MEASURES, *KEPT_MEASURES)
    assert len(set(MEASURES.values())) == len(MEASURES)
    assert set(RANKED) < set(MEASURES)


def test_heads_are_told_apart_where_there_are_several() -> None:
    assert list(told_apart(["one-to-many", "one-to-many"])) == [("one-to-many", "", "")]
    assert list(told_apart(["a", "b", "a"])) == [("a", ", a head", "-a"), ("b", ", b head", "-b")]
