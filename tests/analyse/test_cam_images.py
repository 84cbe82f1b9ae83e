from forgetbench.analyse.cam_images import ImageScores, largest_gain, largest_loss, random_images

NAMES = ["d.png", "c.png", "b.png", "a.png"]


def test_chance_is_decided_by_seed_and_name_alone() -> None:
    names = [f"{i:03d}.jpg" for i in range(100)]
    chosen = [names[i] for i in random_images(names, 5, seed=0)]
    assert len(set(chosen)) == 5
    turned = names[::-1]
    assert [turned[i] for i in random_images(turned, 5, seed=0)] == chosen
    assert [names[i] for i in random_images(names, 5, seed=1)] != chosen
    fewer = [name for name in names if name != chosen[0]]
    assert [fewer[i] for i in random_images(fewer, 4, seed=0)] == chosen[1:]
    assert sorted(random_images(names[:3], 5, seed=0)) == [0, 1, 2]


def test_gain_is_the_mean_over_arms_above_the_reference_arm() -> None:
    reference = [0.5, 0.0, 0.2, 0.9]
    arms = [[0.6, 0.5, 0.8, 0.9], [0.6, 0.1, 0.8, 0.5]]  # rises of 0.1, 0.3, 0.6 and -0.2
    assert largest_gain(reference, arms, NAMES, 2) == [2, 1]
    assert largest_gain(reference, arms, NAMES, 9) == [2, 1, 0]


def test_loss_is_the_original_above_the_mean_over_arms() -> None:
    original = [0.5, 1.0, 0.25, 0.9]
    arms = [[0.5, 0.5, 0.5, 0.0], [0.5, 1.0, 0.5, 0.0]]  # falls of 0, 0.25, -0.25 and 0.9
    assert largest_loss(original, arms, NAMES, 2) == [3, 1]
    assert largest_loss(original, arms, NAMES, 9) == [3, 1]


def test_equal_changes_go_by_name() -> None:
    assert largest_loss([1.0] * 4, [[0.5] * 4], NAMES, 2) == [3, 2]


def test_what_was_not_measured_is_not_chosen() -> None:
    original: ImageScores = [None, 1.0, 1.0, 1.0]
    arms: list[ImageScores] = [[0.0, None, 0.0, 0.5], [0.0, 0.0, None, 0.5]]
    assert largest_loss(original, arms, NAMES, 4) == [3]
    assert largest_gain(arms[0], [original], NAMES, 4) == [2, 3]


def test_without_arms_there_is_no_change() -> None:
    assert largest_loss([1.0] * 4, [], NAMES, 2) == []
    assert largest_gain([0.0] * 4, [], NAMES, 2) == []
