"""What a GPU is told, as far as a CPU can see it; that it obeys is tested on one."""

import pytest
import torch

from paribus.engine.precision import exact_products

WANTED = [
    (torch.backends.cudnn, "allow_tf32", False),
    (torch.backends.cudnn, "benchmark", False),
    (torch.backends.cudnn, "deterministic", True),
    (torch.backends.cuda.matmul, "allow_tf32", False),
    (torch.backends.cuda.matmul, "allow_bf16_reduced_precision_reduction", False),
]


def settings():
    return [getattr(owner, name) for owner, name, _ in WANTED]


@pytest.fixture
def opposite(monkeypatch):
    """A process that wants the opposite of everything, on a machine with a GPU."""
    before = settings()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for owner, name, wanted in WANTED:
        setattr(owner, name, not wanted)
    yield
    for (owner, name, _), value in zip(WANTED, before, strict=True):
        setattr(owner, name, value)


def test_products_are_exact_inside_and_as_before_outside(opposite):
    before = settings()
    with exact_products():
        assert settings() == [wanted for _, _, wanted in WANTED]
    assert settings() == before


def test_settings_come_back_after_an_error(opposite):
    before = settings()
    with pytest.raises(ZeroDivisionError), exact_products():
        raise ZeroDivisionError
    assert settings() == before


def test_without_a_gpu_nothing_is_touched(opposite, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    before = settings()
    with exact_products():
        assert settings() == before
