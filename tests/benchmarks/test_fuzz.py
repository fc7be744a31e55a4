"""The differential fuzz: sixty networks agree with plain PyTorch, every part is drawn, and a fault is seen."""

import collections

import pytest

from benchmarks.fuzz.draw import MOST_PARAMETERS, drawn_case
from benchmarks.fuzz.judge import judged
from benchmarks.fuzz.workers import run_networks
from ceteris.nn.layer import ACTIVATIONS
from ceteris.nn.registry import LAYERS
from ceteris.nn.training import OPTIMIZERS, SCHEDULES

SEED = 20261127
"""Fixed, so that a failure here is a change of the code; `make fuzz` draws a fresh one."""


@pytest.mark.slow
def test_sixty_networks_agree_with_plain_pytorch():
    print(f"seed {SEED}")
    found = []
    run_networks(SEED, range(60), found.append, jobs=2)
    assert len(found) == 60
    assert sum(item.steps for item in found) > 2000
    assert [(item.index, item.differences) for item in found if item.differences] == []


def _names(value, known):
    if isinstance(value, dict):
        return {key for key in value if key in known} | {
            n for v in value.values() for n in _names(v, known)
        }
    if isinstance(value, list):
        return {name for item in value for name in _names(item, known)}
    return {value} if isinstance(value, str) and value in known else set()


def test_every_layer_activation_optimizer_and_schedule_is_drawn():
    """Whoever registers a new one must teach the fuzz to draw it, and the plain builder to build it."""
    drawn = collections.defaultdict(set)
    for index in range(700):
        case = drawn_case(SEED, index)
        for name, known in (("layers", LAYERS), ("activations", ACTIVATIONS)):
            drawn[name] |= _names(case.model, known)
        drawn["optimizers"] |= _names(case.train, OPTIMIZERS)
        drawn["schedules"] |= _names(case.train, SCHEDULES)
        drawn["losses"].add(case.train.get("loss"))
        drawn["profiles"].add(case.model["defaults"])
    assert set(LAYERS) - drawn["layers"] == set()
    assert set(ACTIVATIONS) - {"linear", "softmax"} - drawn["activations"] == set()
    assert set(OPTIMIZERS) - drawn["optimizers"] == set()
    assert set(SCHEDULES) - drawn["schedules"] == set()
    assert len(drawn["losses"]) >= 5
    assert drawn["profiles"] == {"keras", "torch"}


def test_networks_are_small_and_given_by_two_numbers():
    first, again = drawn_case(SEED, 3), drawn_case(SEED, 3)
    assert first == again
    assert MOST_PARAMETERS <= 20_000


@pytest.mark.slow
def test_a_fault_in_a_gradient_is_a_disagreement(monkeypatch):

    index = next(k for k in range(100) if "SGD" in drawn_case(SEED, k).train["optimizer"])
    case = drawn_case(SEED, index)
    assert judged(case).differences == []
    from benchmarks.fuzz import arms

    real = arms._gradients
    monkeypatch.setattr(
        arms,
        "_gradients",
        lambda tensors: {name: value * (1 + 1e-3) for name, value in real(tensors).items()},
    )
    assert judged(case).differences
