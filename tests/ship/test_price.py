"""What detectors of a run cost, from its tables or counted anew."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import copy_of, seal

from forgetbench.errors import CorruptRunError
from forgetbench.model import yolo
from forgetbench.model.layers import count_flops
from forgetbench.ship import latency
from forgetbench.ship.export import export_run
from forgetbench.ship.latency import measure
from forgetbench.ship.price import price_run


def without_counts(run: Path, into: Path) -> Path:
    """Return a copy of a run as one that a version made which counted no modules."""
    copy = copy_of(run, into)
    for name in ("modules.csv", "price.csv"):
        (copy / name).unlink()
    seal(copy)
    return copy


def test_a_run_that_counted_needs_neither_data_nor_weights(small_run: Path) -> None:
    found = price_run(small_run, overrides=["target.path=/nowhere"])
    assert [(offer.label, offer.price.attach) for offer in found.offers] == [
        ("all-but-head (22)", "head"),
        ("backbone (10)", "head"),
        ("backbone (10)", "freeze-point"),
    ]
    assert (found.offers[0].forgetting, found.offers[2].forgetting) == (0, 0)
    assert found.offers[1].latency is None
    assert found.apart == {}


def test_a_run_that_did_not_count_is_counted(small_run: Path, tmp_path: Path) -> None:
    assert price_run(without_counts(small_run, tmp_path)) == price_run(small_run)


@pytest.mark.parametrize("attach", ["head", "freeze-point"])
def test_the_price_is_that_of_the_exported_file(small_run: Path, tmp_path: Path, attach: str) -> None:
    made = export_run(small_run, tmp_path / "mine.pt", arm="10", attach=attach)
    found = price_run(small_run)
    mine = next(offer.price for offer in found.offers if (offer.label, offer.price.attach) == ("backbone (10)", attach))
    model = yolo.opened_as_users_do(made.path)
    assert mine.flops == sum(count_flops(model, found.imgsz))
    assert mine.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert mine.bytes == pytest.approx(made.path.stat().st_size, rel=0.1)


def test_latency_of_every_detector_beside_two_models(small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "ROUNDS", 2)
    timed: list[int] = []

    def counted(detectors: Any, *given: Any, **named: Any) -> Any:
        timed.append(len(detectors))
        return measure(detectors, *given, **named)

    monkeypatch.setattr(latency, "measure", counted)
    found = price_run(small_run, timed=True)
    assert all(offer.latency is not None and offer.latency.median > 0 for offer in found.offers)
    ((alone, two),) = found.apart.values()
    assert two.ratio == 1
    assert alone.median > 0
    assert timed == [4]  # under attach = head both arms have the same: two combined ones, two models, the original


def test_a_table_that_was_changed_is_not_believed(small_run: Path, tmp_path: Path) -> None:
    copy = copy_of(small_run, tmp_path)
    shutil.copy(small_run / "price.csv", copy / "modules.csv")
    with pytest.raises(CorruptRunError, match=r"modules\.csv"):
        price_run(copy)
