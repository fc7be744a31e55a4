"""Studies in which some networks collapse."""

from paribus.observed import Observed
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

CHANCE = 0.11
OWN = tuple(
    Variant(name, {"reg": name}, {}, {"layers": [{"Dense": {"units": 10}}]}, {})
    for name in ("none", "bn")
)


def plan(seeds, claims=(), looks=()):
    return Plan("s", "q", "none", {"reg": ("none", "bn")}, OWN, tuple(range(seeds)), tuple(claims), SelectRule(), looks)  # fmt: skip


def claim(operator=">", of="learned", **more):
    values = {"metric": "val_accuracy", "margin": 0.01, **more}
    return Claim("c", "says", "reg", "bn", operator, "none", of=of, **values)


def trial(name, seed, value):
    """A trial with an accuracy; one at `CHANCE` guesses, and None means that its training failed."""
    status = "failed" if value is None else "done"
    metrics = (
        {}
        if value is None
        else {"accuracy": value, "val_accuracy": value, "val_loss": 1 - value, "loss": 1 - value}
    )
    seen = Observed(train_examples=2000, class_counts={"train": (200,) * 10})
    return StoredTrial(f"{name}{seed}", name, {"reg": name}, seed, "train", status, 1, 1, 1.0, metrics, observed=seen)  # fmt: skip


def trials(none, bn):
    """Trials of both variants, from the accuracies of their seeds."""
    return [
        trial(name, seed, value)
        for name, values in (("none", none), ("bn", bn))
        for seed, value in enumerate(values)
    ]
