"""Masks of figures, and the boxes they fill."""

import numpy as np
import pytest

from forgetbench.data.shapes import drawing


def test_square_mask_has_the_box_it_was_drawn_with() -> None:
    # Half a diagonal of 10 pixels, turned by 45 degrees: an upright square of side 10 * sqrt(2) = 14.14 about (32, 20).
    mask = drawing.figure_mask(drawing.GENERAL["square"], 64, (32.0, 20.0), 10.0, np.pi / 4)
    x1, y1, x2, y2 = drawing.mask_box(mask)
    assert (x1, y1, x2, y2) == pytest.approx((24.93, 12.93, 39.07, 27.07), abs=0.3)
    assert drawing.coverage(mask).sum() == (x2 - x1) * (y2 - y1)


def test_hole_of_a_ring_is_empty() -> None:
    mask = drawing.figure_mask(drawing.FINE["plain-ring"], 64, (32.0, 32.0), 20.0, 0.0)
    alpha = drawing.coverage(mask)[..., 0]
    assert alpha[32, 32] == 0
    assert alpha[32, 32 + 17] == 1
    assert drawing.mask_box(mask) == pytest.approx((12, 12, 52, 52), abs=0.3)


@pytest.mark.parametrize("name", [*drawing.GENERAL, *drawing.FINE])
def test_every_figure_stays_in_its_circle_and_fills_most_of_it(name: str) -> None:
    figure = {**drawing.GENERAL, **drawing.FINE}[name]
    reach = max(float(np.hypot(*contour.T).max()) for part in figure for contour in part)
    assert 0.85 < reach <= 1.005
