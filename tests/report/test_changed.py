"""What changed, put together by head and dataset."""

from support.forgotten_rows import of_class, of_measure

from forgetbench.report.changed import changes


def test_by_head_the_reference_first_with_classes_under_the_honest_attach_point_alone() -> None:
    classes = [of_class("cat"), of_class("dog", attach="freeze-point"), of_class("ring", role="target")]
    measures = [of_measure("ap", role="target"), of_measure("ap"), of_measure("ap", head="one-to-one")]
    found = changes(classes, measures)
    one, two, three = found
    assert [(item.head, item.role) for item in found] == [
        (measures[0].head, "reference"), (measures[0].head, "target"), ("one-to-one", "reference"),
    ]  # fmt: skip
    assert [row.name for row in one.classes] == ["cat"]
    assert [row.name for row in two.classes] == ["ring"]
    assert three.classes == []
    assert (one.measures, two.measures, three.measures) == ([measures[1]], [measures[0]], [measures[2]])


def test_what_nothing_was_measured_of_is_left_out() -> None:
    assert changes([of_class("cat")], []) == []
