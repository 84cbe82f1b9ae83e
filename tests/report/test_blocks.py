"""Words with names among them."""

from forgetbench.report.blocks import Name, joined, spelt, text

NAME = Name("*cat*")


def test_parts_are_put_one_behind_the_other() -> None:
    assert text("a ", NAME) == ("a ", NAME)
    assert text(("a ", NAME), " b", NAME) == ("a ", NAME, " b", NAME)
    assert text() == ()


def test_something_stands_between_each_two() -> None:
    assert joined(["a", NAME, ("b", NAME)], " and ") == ("a", " and ", NAME, " and ", "b", NAME)
    assert joined(["a"]) == ("a",)
    assert joined([]) == ()


def test_only_names_are_spelt() -> None:
    assert spelt(("*a* ", NAME), lambda name: name.text.strip("*")) == "*a* cat"
    assert spelt(NAME, lambda name: name.text.upper()) == "*CAT*"
    assert spelt("plain", lambda _: "never") == "plain"
