"""The C kernels, and Keras on PyTorch, for all tests of networks."""

import os

import pytest

from paribus.nn.native import library as native

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras


@pytest.fixture
def kernels():
    """Fail, not skip, without a compiler: CI and every developer's machine have one."""
    built = native.build()
    assert built.path is not None, built.reason
    native.use(built)
    yield
    native.use(built)


@pytest.fixture
def choose(kernels):
    """Switch between the C kernels and PyTorch's operators."""
    built, plain = native.build(), native.Built(None, "a test chose PyTorch's operators")
    yield lambda name: native.use(built if name == "native" else plain)
    native.use(built)
