"""Memory that this process holds is counted, and given back."""

import pytest

from paribus.engine.memory import give_memory_back, private_bytes

pytestmark = pytest.mark.slow


def test_memory_counts_what_this_process_holds():
    before = private_bytes()
    block = bytearray(b"x") * 100_000_000
    assert 90_000_000 < private_bytes() - before < 130_000_000
    del block
    give_memory_back()
    assert private_bytes() - before < 50_000_000
