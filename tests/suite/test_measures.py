"""What gain and forgetting may be of."""

from forgetbench.report.words import MEASURES
from forgetbench.suite.measures import KEPT_MEASURES, WHOLE_MEASURES


def test_each_has_words_and_those_of_classes_kept_are_of_a_whole_one() -> None:
    assert list(MEASURES) == [*WHOLE_MEASURES, *KEPT_MEASURES]
    assert all(measure.removesuffix("_kept") in WHOLE_MEASURES for measure in KEPT_MEASURES)
