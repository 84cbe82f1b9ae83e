"""What is on the chart of maps: read back from the drawn objects."""

import numpy as np
from support.drawn import rectangles

from forgetbench.report.charts.maps import Panel, PictureRow, draw_cams

BOXES = np.array([[10.0, 20, 60, 70], [160, 0, 200, 50]])


def picture(name: str) -> PictureRow:
    """Return a row of an image 200 pixels wide and 100 high, seen at half its size, plain and under one network."""
    pixels = np.full((50, 100, 3), 90, np.uint8)
    heat = np.linspace(0, 1, 5000, dtype=np.float32).reshape(50, 100)
    seen = Panel(heat, BOXES[:1], ["cup"], "F1 0.50")
    return PictureRow(("random", name), pixels, (200, 100), [Panel(None, BOXES, ["cup", "fork"], ""), seen])


def test_images_in_rows_and_networks_in_columns() -> None:
    long = "apple_$12_jpg.rf.0123456789abcdef0123456789abcde$.jpg"  # no formula
    figure = draw_cams(["image", "backbone (10)"], [picture("a.jpg"), picture(long)], "title", "first\nsecond")
    figure.draw_without_rendering()
    first, second = figure.axes[:2], figure.axes[2:]
    assert [axis.get_title() for axis in first] == ["image", "backbone (10)"]
    assert [axis.get_title() for axis in second] == ["", ""]
    assert first[0].get_ylabel() == "random\na.jpg"
    assert second[0].get_ylabel().replace("\n", "") == f"random{long}"
    assert max(len(line) for line in second[0].get_ylabel().splitlines()) <= 20
    assert [axis.get_xlabel() for axis in first] == ["", "F1 0.50"]
    assert figure.get_suptitle() == "title"
    assert figure.get_supxlabel() == "first\nsecond"


def test_maps_and_boxes_lie_on_the_original_images_pixels() -> None:
    plain, seen = draw_cams(["image", "arm"], [picture("a.jpg")], "title", "note").axes
    assert (len(plain.images), len(seen.images)) == (1, 2)
    for axis in (plain, seen):
        assert {tuple(image.get_extent()) for image in axis.images} == {(0, 200, 100, 0)}
        assert axis.get_aspect() == 1
    assert rectangles(plain.patches) == [(10, 20, 50, 50), (160, 0, 40, 50)]
    assert [text.get_text() for text in plain.texts] == ["cup", "fork"]
    assert [text.get_horizontalalignment() for text in plain.texts] == [
        "left",
        "right",
    ]  # the second would leave the image
    covered = np.asarray(seen.images[1].get_alpha())
    assert covered.min() == 0
    assert 0.3 < covered.max() < 0.8
