"""What `plan` forecasts: the arithmetic by hand, and the measurement behind it."""

import json
import subprocess
import sys

import pytest

import paribus
from paribus.cost.estimate import (
    AROUND_SECONDS,
    PARENT_BYTES,
    SECONDS_PER_EPOCH,
    SECONDS_PER_TRIAL,
    START_SECONDS,
    Amount,
    TrialCost,
    estimate_study,
    measured_cost,
)
from paribus.engine.inspection.speed import measure_speed
from paribus.engine.memory import give_memory_back, private_bytes
from paribus.errors import TrialError
from paribus.execute.measured_speed import SpeedProbe, measure_speeds
from paribus.records import Speed

pytestmark = pytest.mark.slow


def variant(tiny, **train):
    tiny["train"] |= train
    return paribus.from_mapping(tiny).plan().plan.variants[0]


def test_a_trial_is_its_epochs_its_scores_and_its_start():
    cost = measured_cost(Speed(0.001, 0.0001, 7, 0.25), Amount(1000, 100), {"epochs": 3})
    epoch = 1.0 + 200 * 0.0001 + SECONDS_PER_EPOCH
    assert cost.seconds == pytest.approx(3 * epoch + 1100 * 0.0001 + SECONDS_PER_TRIAL + 0.25)
    assert cost.memory_bytes == 7


def test_a_study_ends_when_its_last_worker_does():
    costs = {"long": TrialCost(5.0, 100), "short": TrialCost(2.0, 50)}
    found = estimate_study(costs, num_seeds=2, jobs=3, data_bytes=1000)
    # 5 | 5 | 2 2
    assert found.seconds == pytest.approx(AROUND_SECONDS + START_SECONDS + 5.0)
    assert found.memory_bytes == PARENT_BYTES + 1000 + 100 + 100 + 50
    assert not found.measured
    two = estimate_study(costs, num_seeds=2, jobs=2, data_bytes=0, refitted=6.0, start_seconds=1.0)
    assert two.seconds == pytest.approx(AROUND_SECONDS + 1.0 + 7.0 + 6.0)
    assert two.measured
    assert estimate_study(costs, num_seeds=1, jobs=64, data_bytes=0).jobs == 2


@pytest.mark.slow
def test_measured_speed_of_a_real_network(tiny):
    chosen = variant(tiny)
    guess = 1e-4
    for looked_up in (True, False):
        speed = measure_speed(chosen, (8, 8, 1), 10, guess, looked_up=looked_up)
        assert 0 < speed.train_seconds < 0.01
        assert 0 <= speed.evaluation_seconds < 0.01
        assert speed.memory_bytes > 50_000_000


def test_what_fails_to_train_keeps_the_guess(tiny):
    mad = variant(tiny, optimizer={"SGD": {"learning_rate": 1e30}})
    assert measure_speed(mad, (8, 8, 1), 10, 1e-4, looked_up=True).train_seconds == 1e-4


def test_all_probes_are_measured_in_every_process(tiny):
    probe = SpeedProbe(variant(tiny), (8, 8, 1), 10, 1e-4, looked_up=True)
    found = measure_speeds([probe, probe], jobs=2)
    assert len(found.speeds) == 2
    assert found.start_seconds > 0
    assert all(0 < speed.train_seconds < 0.05 for speed in found.speeds)


def test_a_process_that_dies_is_one_clear_error(tiny):
    probe = SpeedProbe(variant(tiny), (8, 8, -1), 10, 1e-4, looked_up=True)
    with pytest.raises(TrialError, match="a process died while it measured"):
        measure_speeds([probe], jobs=1)


def test_memory_counts_what_this_process_holds():
    before = private_bytes()
    block = bytearray(b"x") * 100_000_000
    assert 90_000_000 < private_bytes() - before < 130_000_000
    del block
    give_memory_back()
    assert private_bytes() - before < 50_000_000


@pytest.mark.slow
def test_plan_measures_unless_told_not_to(tiny, tmp_path):
    (tmp_path / "study.yaml").write_text(json.dumps(tiny))
    command = [sys.executable, "-c", "from paribus.cli.main import main; main()", "plan"]

    def plan(*more):
        done = subprocess.run(
            [*command, "study.yaml", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    quick = json.loads(plan("--quick", "--json"))["estimate"]
    assert quick["measured"] is False
    assert "from shapes alone" in plan("--quick")
    measured = json.loads(plan("--json", "--jobs", "1"))["estimate"]
    assert measured["measured"] is True
    assert measured["jobs"] == 1
    assert 0.5 < measured["seconds"] < 120
    tiny["seeds"], tiny["factors"] = 1, {}
    tiny.pop("claims")
    (tmp_path / "study.yaml").write_text(json.dumps(tiny))
    assert "steps of every variant on this machine" in " ".join(plan("--jobs", "1").split())


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
