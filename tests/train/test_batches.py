from pathlib import Path

import torch
from support.factories import drawn_dataset, quick_train, tiny_original
from support.sessions import checkpoint, differing, trained

from forgetbench.model.parts import Parts
from forgetbench.suite.schema import Logging
from forgetbench.train.batches import Batches
from forgetbench.train.recipe import Recipe
from forgetbench.train.session import TrainingSession

CPU = torch.device("cpu")


def test_sessions_that_take_turns_on_the_same_batches_see_what_each_would_alone(tmp_path: Path) -> None:
    train, data = quick_train(augment={"close_mosaic": 1}), drawn_dataset(tmp_path)
    original = tiny_original()
    recipes = {name: Recipe(Parts(original), point, train) for name, point in (("a", 22), ("b", 10))}
    shared = Batches(original, recipes.values(), data, train, seed=0, device=CPU)

    def session(name: str, batches: Batches | None) -> TrainingSession:
        return TrainingSession(
            original, {name: recipes[name]}, data, train, seed=0, device=CPU, logging=Logging(), batches=batches
        )

    turns = {name: session(name, shared) for name in recipes}
    epochs = {name: made.epochs() for name, made in turns.items()}
    for _ in range(train.epochs):
        for name in recipes:
            next(epochs[name])
    for name in recipes:
        alone = session(name, None)
        trained(alone)
        assert not differing(checkpoint(alone, name), checkpoint(turns[name], name))
