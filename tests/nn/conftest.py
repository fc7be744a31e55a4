"""The C kernels, for all tests of networks."""

import pytest

from paribus.nn.native import library as native


@pytest.fixture
def kernels():
    """Fail, not skip, without a compiler: CI and every developer's machine have one."""
    built = native.build()
    assert built.path is not None, built.reason
    native.use(built)
    yield
    native.use(built)
