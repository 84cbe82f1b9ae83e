from forgetbench.record import endings


def test_every_reason_names_its_epoch_and_is_another() -> None:
    reasons = [*endings.divergences(7), endings.out_of_patience(3)]
    assert len(set(reasons)) == 4
    assert all("epoch 7" in reason for reason in endings.divergences(7))
    assert not {*endings.divergences(7)} & {*endings.divergences(8)}
