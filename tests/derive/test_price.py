"""The table of prices is made from that of modules."""

from pathlib import Path

from forgetbench.derive.price import price_rows
from forgetbench.derive.source import Source
from forgetbench.progress import Silent
from forgetbench.record.folder import RunFolder
from forgetbench.record.rows.price import ModuleRow, PriceRow


def test_every_arm_head_and_attach_point_has_a_price(small_run: Path) -> None:
    source = Source(RunFolder(small_run), Silent())
    rows = list(price_rows(source))
    assert rows == source.read("price.csv", PriceRow)
    arms = [arm["arm"] for arm in source.manifest["arms"]]
    assert [(row.arm, row.attach) for row in rows] == [(arm, at) for arm in arms for at in ("head", "freeze-point")]
    modules = source.read("modules.csv", ModuleRow)
    adapted = sum(row.flops for row in modules if row.part == "trunk" and row.module >= 10)
    by_place = {(row.module, row.attach): row for row in rows}
    assert by_place[10, "freeze-point"].flops - by_place[22, "head"].flops == adapted
