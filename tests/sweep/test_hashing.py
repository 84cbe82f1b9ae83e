"""What a run hashes: each dataset and each original once, however many parts of it ask."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.finished_run import small_suite
from torch import Tensor

import forgetbench
from forgetbench.data import dataset as datasets
from forgetbench.evaluate import networks
from forgetbench.files import sha256_json
from forgetbench.model import original as originals
from forgetbench.model.original import hash_tensors

pytestmark = pytest.mark.usefixtures("charts_not_drawn")


def test_a_run_fingerprints_each_dataset_and_hashes_the_original_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprinted: Counter[int] = Counter()
    hashed: Counter[tuple[str, ...]] = Counter()

    def counted_json(content: dict[str, Any]) -> str:
        fingerprinted[len(content["samples"])] += 1
        return sha256_json(content)

    def counted_tensors(tensors: dict[str, Tensor]) -> str:
        hashed[tuple(tensors)] += 1
        return hash_tensors(tensors)

    monkeypatch.setattr(datasets, "sha256_json", counted_json)
    monkeypatch.setattr(originals, "hash_tensors", counted_tensors)
    forgetbench.run(small_suite(), output=tmp_path)
    assert fingerprinted == {16: 1, 6: 1, 8: 1}  # trained on, target, reference: the suite's numbers of images
    whole = [times for names, times in hashed.items() if any(name.startswith("model.") for name in names)]
    assert whole == [1]
    assert vars(networks)["hash_tensors"] is hash_tensors  # what branches bring is hashed where it is stored
    assert set(hashed.values()) == {1} or hashed[()] > 1  # modules without tensors are all alike
