"""What differences are called in the report."""

from forgetbench.analyse.evidence import MEASURES as MEASURED
from forgetbench.report.evidence_text import MEASURES, RANKED


def test_every_measure_has_a_name() -> None:
    assert tuple(MEASURES) == MEASURED
    assert len(set(MEASURES.values())) == len(MEASURES)
    assert set(RANKED) < set(MEASURES)
