from forgetbench.data.dataset import OddityReport


def test_names_from_outside_cannot_break_a_line_or_a_terminal() -> None:
    report = OddityReport()
    report.add("missing-image", "a\nb.png", "no image '\x1b[2J\udcff': left out, ünusual")
    assert (report.found[0].file, report.found[0].detail) == (
        r"a\nb.png",
        r"no image '\x1b[2J\udcff': left out, ünusual",
    )
