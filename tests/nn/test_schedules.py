"""Schedules of the learning rate against PyTorch."""

import pytest
import torch

from paribus.nn.schedules import learning_rate
from paribus.nn.training import Cosine, OneCycle, Step


def rates(schedule, steps, per_epoch):
    return [
        learning_rate(schedule, 0.5, step=s, num_steps=steps, steps_per_epoch=per_epoch)
        for s in range(steps)
    ]


def torch_rates(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_schedules_equal_torchs():
    lr = torch.optim.lr_scheduler
    cosine = torch_rates(lambda o: lr.CosineAnnealingLR(o, 40, 0.05), 40)
    assert rates(Cosine(final=0.1), 40, 10) == pytest.approx(cosine)
    step = torch_rates(lambda o: lr.StepLR(o, 20, 0.1), 40)
    assert rates(Step(every=2, factor=0.1), 40, 10) == pytest.approx(step)
    cycle = torch_rates(lambda o: lr.OneCycleLR(o, 0.5, total_steps=41), 40)
    assert rates(OneCycle(), 41, 10)[:40] == pytest.approx(cycle)
