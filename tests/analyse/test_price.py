"""Prices, summed by hand."""

from typing import Any

from forgetbench.analyse.price import distinct, prices, prices_by_head
from forgetbench.analyse.tradeoff import Treatment
from forgetbench.record.rows.price import ModulePart, ModuleRow, PriceRow


def arm(point: int, seed: int = 0) -> dict[str, Any]:
    return {
        "arm": f"m-freeze{point}-seed{seed}", "model": "m", "freeze_point": point, "strategy": "freeze", "seed": seed,
        "setting": None,
    }  # fmt: skip


def manifest(*points: int, attach_points: list[int | str]) -> Any:
    return {
        "arms": [arm(point) for point in points],
        "models": {"m": {"head": 4}},
        "suite": {"attach_points": attach_points},
    }


def rows(*arms: str) -> list[ModuleRow]:
    """Return a trunk of four modules with 1, 0, 4 and 8 parameters, and heads with 16 (original), 32 and 64."""

    def row(arm: str | None, head: str | None, part: ModulePart, module: int, size: int) -> ModuleRow:
        return ModuleRow("m", arm, head, part, module, size, 100 * size, 2 * size)

    trunk = [row(None, None, "trunk", module, size) for module, size in enumerate((1, 0, 4, 8))]
    heads = [row(None, "one-to-many", "original head", 4, 16)]
    for name in arms:
        heads += [row(name, "one-to-many", "task head", 4, 32), row(name, "one-to-many", "both heads", 4, 64)]
    return [*trunk, *heads]


def test_modules_from_the_attach_point_on_count_twice() -> None:
    listed = manifest(0, 2, attach_points=["head", 3, "freeze-point"])
    found = list(prices(rows("m-freeze0-seed0", "m-freeze2-seed0"), listed))
    assert [(row.arm, row.attach, row.module, row.parameters) for row in found] == [
        ("m-freeze0-seed0", "head", 4, 13 + 64),
        ("m-freeze0-seed0", "3", 3, 13 + 8 + 64),
        ("m-freeze0-seed0", "freeze-point", 0, 13 + 13 + 64),
        ("m-freeze2-seed0", "head", 4, 13 + 64),
        ("m-freeze2-seed0", "3", 3, 13 + 8 + 64),
        ("m-freeze2-seed0", "freeze-point", 2, 13 + 12 + 64),
    ]
    first = found[0]
    assert (first.flops, first.bytes) == (7700, 154)
    assert (first.original_parameters, first.original_flops, first.original_bytes) == (29, 2900, 58)
    assert (first.two_parameters, first.two_flops, first.two_bytes) == (29 + 45, 7400, 148)


def test_of_attach_points_that_cost_the_same_a_named_one_is_kept() -> None:
    found = distinct(prices(rows("m-freeze1-seed0"), manifest(1, attach_points=["all"])))
    assert [(row.attach, row.parameters) for row in found] == [("head", 77), ("3", 85), ("freeze-point", 89)]


def test_treatments_are_priced_once_whatever_their_seeds() -> None:
    arms = [arm(2, 0), arm(2, 1)]
    listed: Any = {**manifest(attach_points=["head", "freeze-point"]), "arms": arms}
    found: list[PriceRow] = list(prices(rows("m-freeze2-seed0", "m-freeze2-seed1"), listed))
    assert len(found) == 4
    (mine,) = prices_by_head(found, arms).values()  # type: ignore[arg-type]
    assert [(one.treatment, one.row.attach, one.extra_flops) for one in mine] == [
        (Treatment(2), "head", 7700 - 2900),
        (Treatment(2), "freeze-point", 8900 - 2900),
    ]
