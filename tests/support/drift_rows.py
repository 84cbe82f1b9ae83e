"""What modules moved and statistics cost, as no run would give it."""

from forgetbench.analyse.module_drift import ModuleDrift, StatisticsShare
from forgetbench.analyse.tradeoff import Treatment

HEAD_ONLY, NECK = Treatment(22), Treatment(15)
DRIFTS = [
    ModuleDrift(NECK, index, kind, cka, 0.9 if index == 19 else 0.3, change, change, variance)
    for index, kind, cka, change, variance in (
        (15, "C2f", 0.99, 0.02, 0.7), (16, "Conv", 0.95, 0.05, 0.1), (17, "Concat", 0.5, None, None),
        (18, "C2f", None, 0.01, 0.2), (19, "Conv", 0.91, 0.0, None), (21, "C2f", 0.7, 0.03, 0.3),
    )
]  # fmt: skip


def shares(head: str = "one-to-many") -> list[StatisticsShare]:
    return [
        *(StatisticsShare(HEAD_ONLY, head, adapted, None, None) for adapted in ("statistics", "weights", "both")),
        StatisticsShare(NECK, head, "statistics", 0.1, (0.05, 0.2)),
        StatisticsShare(NECK, head, "weights", -0.02, None),
        StatisticsShare(NECK, head, "both", 0.15, (0.1, 0.3)),
    ]
