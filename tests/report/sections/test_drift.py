"""What is in the tables of drift."""

from support.drift_rows import DRIFTS, HEAD_ONLY, NECK, shares

from forgetbench.report.markdown import markdown
from forgetbench.report.sections.drift import drift_table, statistics_table

LABELS = {HEAD_ONLY: "all-but-head (22)", NECK: "15"}
CALLED = "freeze point (1 seed)"


def test_the_table_names_the_modules_with_weights_that_moved_most() -> None:
    assert markdown([drift_table(DRIFTS, LABELS, CALLED)]).splitlines()[2:] == [
        "| all-but-head (22) | – | – | – | – |",
        "| 15 | 21 C2f 0.70, 19 Conv 0.91, 16 Conv 0.95 | 19 Conv 0.90, 15 C2f 0.30, 16 Conv 0.30 "
        "| 16 Conv 0.05, 21 C2f 0.03, 15 C2f 0.02 | 15 C2f 0.70, 21 C2f 0.30, 18 C2f 0.20 |",
    ]


def test_the_table_of_shares() -> None:
    one = markdown([statistics_table(shares(), LABELS, CALLED)])
    assert one.splitlines()[0] == "| freeze point (1 seed) | statistics alone | weights alone | both |"
    assert one.splitlines()[2:] == [
        "| all-but-head (22) | – | – | – |",
        "| 15 | 10.0 [5.0, 20.0] | −2.0 | 15.0 [10.0, 30.0] |",
    ]
    two = markdown([statistics_table(shares() + shares("one-to-one"), LABELS, "freeze point (3 seeds)")])
    assert two.splitlines()[0].startswith("| freeze point (3 seeds) | head |")
    assert two.count("one-to-one") == 2
