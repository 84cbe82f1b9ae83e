import torch

from forgetbench.train.gpu import UtilisationSampler, solo_peak


def test_without_cuda_nothing_is_measured() -> None:
    calls: list[int] = []
    assert solo_peak(torch.device("cpu"), lambda: calls.append(1)) is None
    assert calls == []
    with UtilisationSampler(torch.device("cpu")) as sampler:
        pass
    assert sampler.mean is None
