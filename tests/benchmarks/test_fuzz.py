"""The differential fuzz: sixty networks agree with plain PyTorch, every part is drawn, and a fault is seen."""

import collections

import pytest
import torch

from benchmarks.fuzz.arms import ARMS
from benchmarks.fuzz.drawing.cases import MOST_PARAMETERS, Case, drawn_case
from benchmarks.fuzz.judge import judged
from benchmarks.fuzz.workers import run_networks
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.registry import LAYERS
from paribus.nn.training import OPTIMIZERS, SCHEDULES

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

    cases = (drawn_case(SEED, k) for k in range(400))
    case = next(c for c in cases if "SGD" in c.train["optimizer"] and _is_smooth(c))
    assert judged(case, KERNELS).differences == []
    from benchmarks.fuzz import arms

    real = arms._gradients
    monkeypatch.setattr(
        arms,
        "_gradients",
        lambda tensors: {name: value * (1 + 1e-3) for name, value in real(tensors).items()},
    )
    assert judged(case, KERNELS).differences


KINKED = {"relu", "leaky_relu", "elu", "ReLU", "LeakyReLU", "MaxPooling2D", "GlobalMaxPooling2D"}


def _is_smooth(case):
    """Whether no kink has to be tried both ways, which takes minutes where there is a fault."""
    return not _names(case.model, KINKED)


KERNELS = tuple(arm for arm in ARMS if arm.kernels and arm.dtype == torch.float32)
NORMALISATIONS = {"BatchNormalization", "LayerNormalization", "GroupNormalization"}


@pytest.mark.slow
def test_a_fault_is_seen_behind_normalisations_too(monkeypatch):
    """PyTorch's own rounding of them is allowed for, which must not hide faults."""
    from benchmarks.fuzz import arms

    cases = (drawn_case(SEED, k) for k in range(400))
    chosen = [c for c in cases if _names(c.model, NORMALISATIONS) and _is_smooth(c)][:4]
    real = arms._gradients
    monkeypatch.setattr(
        arms,
        "_gradients",
        lambda tensors: {name: value * (1 + 1e-3) for name, value in real(tensors).items()},
    )
    assert len(chosen) == 4
    assert sum(bool(judged(case, KERNELS[:1]).differences) for case in chosen) >= 3


DENSE = {"Dense": {"units": 5}}
ILL_POSED = {
    "equal numbers behind a layer normalisation of one channel": (
        (13, 6, 1),
        ["LayerNormalization", {"GroupNormalization": {"groups": 1}}, "Flatten", {"GroupNormalization": {"groups": 6}}, DENSE],
        3,
    ),
    "a bias in front of batch normalisation, with a remainder of two": (
        (7, 7, 3),
        [{"GroupNormalization": {"groups": 1}}, {"GroupNormalization": {"groups": 1}}, "GlobalMaxPooling2D", DENSE, "BatchNormalization", {"Activation": {"activation": "tanh"}}],
        8,
    ),
    "batch normalisation of batch normalisation, two images": (
        (6, 9, 2),
        ["BatchNormalization", "GlobalMaxPooling2D", "BatchNormalization", "BatchNormalization", DENSE],
        2,
    ),
    "far below zero in gelu": (
        (7, 11, 1),
        ["GlobalMaxPooling2D", {"Rescaling": {"scale": -20.0}}, {"Dense": {"units": 1, "activation": "gelu", "kernel_initializer": "ones"}}, DENSE],
        5,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ILL_POSED)
def test_what_pytorch_itself_rounds_is_no_disagreement(name):
    shape, layers, batch = ILL_POSED[name]
    train = {"optimizer": {"SGD": {}}, "loss": "mean_squared_error", "batch_size": batch, "epochs": 2}  # fmt: skip
    model = {"defaults": "torch", "layers": layers}
    case = Case(1, 0, shape, 5, model, train, 5 * batch - 1, 2, "grouped")
    assert judged(case, KERNELS).differences == []
