"""Workers: as many as this process may use cores, and one for a GPU."""

import os

import psutil
import pytest

from paribus.execute.jobs import available_cores, default_jobs


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are assigned on Linux")
def test_only_cores_that_this_process_may_use_are_counted():
    own = os.sched_getaffinity(0)
    assert available_cores() == len(psutil.Process().cpu_affinity())
    try:
        os.sched_setaffinity(0, {min(own)})
        assert available_cores() == 1
        assert default_jobs("cpu") == 1
    finally:
        os.sched_setaffinity(0, own)


def test_a_gpu_has_one_worker(monkeypatch):
    monkeypatch.setattr("paribus.execute.jobs.available_cores", lambda: 7)
    assert [default_jobs(device) for device in ("cpu", "cuda", "cuda:1")] == [7, 1, 1]
