"""Variants of networks: one entry in the list is scored, compared with nothing else, and verified."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.finished_run import small_suite

import forgetbench
from forgetbench.evaluate import places, variants
from forgetbench.evaluate.networks import ModuleStore, Network
from forgetbench.evaluate.variants import AS_TRAINED, Variant
from forgetbench.proof.verify import verify_run

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def with_the_original_backbone(store: ModuleStore, network: Network) -> Network:
    neck = store.original.neck
    return replace(network, modules=store.original_keys[:neck] + network.modules[neck:])


def test_a_further_variant_has_rows_of_its_own_and_changes_no_other(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = (AS_TRAINED, Variant("original-backbone", with_the_original_backbone))
    for module in (variants, places):  # as one line more in the list gives it
        monkeypatch.setattr(module, "SCORED", listed)
    run = forgetbench.run(small_suite(freeze_points=["all-but-head", "none"]), output=tmp_path)
    results = run.results()
    counted = results["variant"].fillna("").value_counts().to_dict()
    assert counted == {"": 1, "trained": 12, "original-backbone": 12}  # 2 arms x 2 epochs x 3 networks
    of_all = results[results["freeze_point"] == 0].set_index(["epoch", "role", "attach", "variant"])
    trained, mixed = (of_all.xs(name, level="variant")["detections"] for name in ("trained", "original-backbone"))
    attached = trained.index.get_level_values("attach") == "freeze-point"  # which is the original with either trunk
    assert (trained[attached] == mixed[attached]).all()
    assert (trained[~attached] != mixed[~attached]).all()
    assert verify_run(run.path).findings == []
    frame = forgetbench.run(small_suite(freeze_points=["all-but-head", "none"]), output=tmp_path).results()
    assert len(frame) == 25
    for name in ("intervals.csv", "operating.csv", "evidence.csv"):
        assert "original-backbone" not in (run.path / name).read_text(encoding="utf-8")
