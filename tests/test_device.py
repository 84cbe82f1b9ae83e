import pytest
import torch

from forgetbench.device import available_cores, image_batch, pick_device, use_all_cores
from forgetbench.errors import InputError


def test_named_device_wins() -> None:
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:x"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: no such device; expected one of cpu"):
        pick_device(name)


def test_all_cores_are_used_unless_the_user_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        use_all_cores()
        assert torch.get_num_threads() == 1
        monkeypatch.delenv("OMP_NUM_THREADS")
        use_all_cores()
        assert torch.get_num_threads() == available_cores()
    finally:
        torch.set_num_threads(before)


def test_image_batch_scales_to_one_and_is_channels_last() -> None:
    batch = image_batch(torch.full((2, 3, 4, 5), 255, dtype=torch.uint8), torch.device("cpu"))
    assert batch.dtype == torch.float32
    assert bool((batch == 1).all())
    assert batch.is_contiguous(memory_format=torch.channels_last)
