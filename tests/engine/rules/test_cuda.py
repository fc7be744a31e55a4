"""On a GPU: what a CPU computes, the same bits every time, and nothing less precise than asked for."""

import json
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import paribus
from paribus.api.run.running import RunOptions
from paribus.data.exported import export_dataset
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.engine.augment import Augmenter
from paribus.engine.precision import exact_products
from paribus.execute.events import Fatal
from paribus.execute.task import Task
from paribus.execute.workers.desk import Desk
from paribus.execute.workers.serving import serve
from paribus.nn.operators.dropout import keyed_factors
from paribus.nn.stacked.network import ConvolutionWay
from paribus.nn.training import TrainSpec
from tests.engine.groups import (
    NETWORKS,
    alone,
    assert_close,
    assert_same,
    data_of,
    study,
    together,
    trials_of,
)

pytestmark = pytest.mark.gpu

WAYS = get_args(ConvolutionWay)
TINY_SHARE = 1e-3
"""Of a GPU's memory: less than a network of many channels takes."""


@pytest.mark.parametrize("network", NETWORKS)
def test_a_trial_is_what_it_is_on_a_cpu(network):
    trials = trials_of(study(NETWORKS[network]))
    data = data_of(trials)
    on_gpu = alone(trials, data, device="cuda")
    for one, other in zip(alone(trials, data), on_gpu, strict=True):
        assert_close(one, other, tolerance=2e-3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graphs_and_eager_steps_give_what_single_trials_give(network, way):
    trials = trials_of(study(NETWORKS[network], seeds=3))
    data = data_of(trials)
    found = together(trials, data, size=4, device="cuda", way=way)
    for one, other in zip(alone(trials, data), found, strict=True):
        assert_close(one, other, tolerance=2e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_trials_again_have_the_same_bits(network, precision):
    train = {"precision": precision, "optimizer": "Adam"}
    trials = trials_of(study(NETWORKS[network], seeds=2, train=train))
    data = data_of(trials)
    first, again = (alone(trials, data, device="cuda") for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert_same(one, other)
    first, again = (together(trials, data, device="cuda") for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert_same(one, other)


def test_company_changes_no_bit():
    trials = trials_of(study(NETWORKS["lab"], seeds=4))
    data = data_of(trials)
    with_others = together([trials[0], trials[3], trials[2]], data, size=4, device="cuda")[0]
    by_itself = together([trials[0]], data, size=4, device="cuda")[0]
    assert_same(with_others, by_itself)


def test_a_resumed_trial_continues_bit_for_bit():
    trials = trials_of(study(NETWORKS["lab"], seeds=1, train={"optimizer": "Nadam", "epochs": 3}))
    data = data_of(trials)
    saved = []
    ((whole, records),) = alone(trials, data, device="cuda", save=saved.append)
    ((rest, later),) = alone(trials, data, device="cuda", resume=saved[0])
    assert [r.metrics for r in records] == [r.metrics for r in [*saved[0].records, *later]]
    assert all((rest.weights[name] == value).all() for name, value in whole.weights.items())


def test_a_resumed_group_continues_bit_for_bit():
    trials = trials_of(study(NETWORKS["lab"], train={"optimizer": "Nadam", "epochs": 3}))
    data = data_of(trials)
    saved = {}
    whole = together(
        trials, data, device="cuda", save=lambda i, c: saved.setdefault((i, len(c.records)), c)
    )
    rest = together(trials, data, device="cuda", resume=[saved[0, 1], saved[1, 1]])
    for (left, records), (right, later) in zip(whole, rest, strict=True):
        assert [r.metrics for r in records[1:]] == [r.metrics for r in later]
        assert all((right.weights[name] == value).all() for name, value in left.weights.items())


def test_a_failing_member_is_named_and_leaves_the_others_alone():
    mad = {"set": {"train.optimizer": {"SGD": {"learning_rate": 1e30}}}}
    mapping = study(NETWORKS["lab"], seeds=2, factors={"rate": {"sane": {}, "mad": mad}})
    trials = trials_of(mapping)
    data = data_of(trials)
    found = together(trials, data, device="cuda")
    for trial, one, other in zip(trials, alone(trials, data), found, strict=True):
        if trial.variant.name == "mad":
            assert other[0].status == "failed"
            assert other[0].reason == one[0].reason
        else:
            assert_close(one, other, tolerance=2e-3)


def test_masks_have_a_cpus_bits():
    for key, counter in ((3, 0), ((1 << 63) + 5, 11), ((1 << 64) - 1, 1 << 33)):
        on_cpu, on_gpu = (
            keyed_factors((3, 7, 5), key, counter, 20_000, 1.5, torch.device(device))
            for device in ("cpu", "cuda")
        )
        assert torch.equal(on_cpu, on_gpu.cpu())


def test_moved_images_have_a_cpus_bits():
    moves = ["flip", {"crop": {"pixels": 2, "fill": "reflect"}}, {"cutout": {"size": 4}}]
    (trial,) = trials_of(study(["Flatten"], seeds=1, train={"augment": moves}))
    steps = TrainSpec.parse(trial.variant.train, "keras").built_augmentation()
    images = torch.rand(20, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    positions = torch.arange(20)
    found = []
    for device in ("cpu", "cuda"):
        augmenter = Augmenter(steps, 20, (12, 12, 3), torch.device(device))
        augmenter.begin_epoch([4], 1)
        found.append(augmenter(images.to(device), positions.to(device)).cpu())
    assert torch.equal(*found)


@pytest.fixture(scope="module")
def wide_product():
    """Images, kernels and their convolution in float64."""
    draw = torch.Generator().manual_seed(2)
    x, kernels = (
        torch.randn(8, 64, 16, 16, generator=draw),
        torch.randn(64, 64, 3, 3, generator=draw),
    )
    return x.cuda(), kernels.cuda(), F.conv2d(x.double(), kernels.double())


@pytest.fixture
def tf32_is_on():
    """A process in which everything may be computed in TF32."""
    owners = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [owner.allow_tf32 for owner in owners]
    for owner in owners:
        owner.allow_tf32 = True
    yield
    for owner, value in zip(owners, before, strict=True):
        owner.allow_tf32 = value


def relative_error(found, exact):
    return ((found.double().cpu() - exact).norm() / exact.norm()).item()


def test_fp32_is_fp32(wide_product, tf32_is_on):
    x, kernels, exact = wide_product
    a, b = x.flatten(2)[0], kernels.flatten(1)[:, :256].T
    with exact_products():
        assert relative_error(F.conv2d(x, kernels), exact) < 2e-6
        assert relative_error(a @ b, a.double().cpu() @ b.double().cpu()) < 2e-6


def test_tf32_would_be_noticed(wide_product, tf32_is_on):
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("this GPU has no TF32")
    x, kernels, exact = wide_product
    assert relative_error(F.conv2d(x, kernels), exact) > 2e-5


def test_bf16_learns_as_well():
    found = {}
    for precision in ("fp32", "bf16"):
        train = {
            "precision": precision,
            "optimizer": {"Adam": {"learning_rate": 0.01}},
            "epochs": 20,
        }
        trials = trials_of(study(NETWORKS["lab"], seeds=4, train=train))
        outcomes = together(trials, data_of(trials), device="cuda")
        found[precision] = np.array([outcome.metrics["val_accuracy"] for outcome, _ in outcomes])
        assert all(w.dtype == np.float32 for w in outcomes[0][0].weights.values())
    assert found["fp32"].mean() > 0.8
    assert abs(found["fp32"].mean() - found["bf16"].mean()) < 0.03


def test_memory_that_is_not_there_is_a_fact_about_the_machine(tmp_path):
    wide = [{"Conv2D": {"filters": 4096, "kernel_size": 3, "padding": "same"}}, "Flatten"]
    trials = trials_of(study(wide))
    export_dataset(load_dataset(DataSpec.parse(trials[0].variant.data)), tmp_path / "data")
    task = Task("fit_group", tuple(trials), tmp_path / "data", 16)
    events = []
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(TINY_SHARE)
    try:
        serve(Desk(tmp_path, "cuda"), task, events.append)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert isinstance(events[-1], Fatal)
    assert "--group-size, such as 8" in str(events[-1].problems[0])


@pytest.mark.slow
@pytest.mark.parametrize("group_size", [1, 3])
def test_a_study_runs_from_its_file_to_its_results(tmp_path, group_size):
    mapping = study(
        NETWORKS["lab"],
        seeds=3,
        factors={"size": {"12": {}, "20": {"set": {"model.hidden.units": 20}}}},
    )
    path = tmp_path / "study.json"
    path.write_text(json.dumps(mapping))
    options = RunOptions(device="cuda", group_size=group_size)
    results = paribus.load(path).run(tmp_path / "out", options=options)
    assert [trial.status for trial in results.summary.trials] == ["done"] * 6
    on_cpu = paribus.load(path).run(tmp_path / "cpu")
    for one, other in zip(on_cpu.summary.trials, results.summary.trials, strict=True):
        assert (one.variant, one.seed) == (other.variant, other.seed)
        assert other.metrics["val_loss"] == pytest.approx(one.metrics["val_loss"], rel=2e-3)
    environment = results.summary.trials[0].environment
    assert environment["device"] == torch.cuda.get_device_name()
    assert environment["group_size"] == group_size
