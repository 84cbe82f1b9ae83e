import pytest

from forgetbench.report import text


@pytest.mark.parametrize(
    ("fraction", "signed", "shown"),
    [
        (0.1234, False, "12.3"), (None, False, "–"), (0.0, False, "0"), (0.0004, False, "0.04"), (-0.2, False, "−20.0"),
        (0.05, True, "+5.0"), (-0.00001, True, "−0.001"), (0.0, True, "0"),
    ],
)  # fmt: skip
def test_points(fraction: float | None, signed: bool, shown: str) -> None:
    assert text.points(fraction, signed=signed) == shown


def test_units() -> None:
    assert text.share(284, 1000) == "28.4 %"
    assert (text.mebibytes(3 * 2**20), text.mebibytes(None)) == ("3 MiB", "–")
    assert (text.milliseconds(0.2254), text.milliseconds(None)) == ("225 ms", "–")
    assert text.timing(0.0251, 0.02, 0.0304) == "25.1 ms [20.0, 30.4]"
    assert text.interval(-0.1, 0.2) == "[−10.0, 20.0]"
    assert (text.interval(None, 0.2), text.interval(0.1, None)) == ("", "")


def test_names_in_charts_are_on_one_line_and_not_too_long() -> None:
    assert text.shown_name("traffic light") == "traffic light"
    assert text.shown_name("a\nb\ud800") == r"a\nb\ud800"
    assert text.shown_name("x" * 48) == "x" * 48
    shown = text.shown_name("begin" + "x" * 300 + "end")
    assert len(shown) == 48
    assert (shown[:6], shown[24], shown[-4:]) == ("beginx", "…", "xend")
