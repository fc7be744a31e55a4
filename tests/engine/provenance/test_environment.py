"""What a machine can and what it emulates."""

import pytest

from paribus.cost.estimate import (
    Amount,
    estimate_study,
    measured_cost,
)
from paribus.records import Speed

pytestmark = pytest.mark.slow


def test_bf16_that_is_emulated_is_said_where_it_is(monkeypatch):
    import torch

    from paribus.cost.estimate import Estimate
    from paribus.engine.provenance.environment import bf16_is_emulated

    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    for has, emulated in ((False, True), (True, False)):
        monkeypatch.setattr(
            torch.cpu, "_is_avx512_bf16_supported", lambda has=has: has, raising=False
        )
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
        assert bf16_is_emulated() == emulated
        cost = measured_cost(
            Speed(0.001, 0.0001, 7, emulated=bf16_is_emulated()), Amount(1000, 100), {"epochs": 3}
        )
        found = estimate_study({"v": cost}, num_seeds=1, jobs=1, data_bytes=0)
        assert ("--set train.precision=fp32" in found.sentence()) == emulated
    assert "bf16" not in Estimate(1.0, 1, 1).sentence()
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert not bf16_is_emulated()
