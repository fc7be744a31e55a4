"""Without workers: while a task is done this process is one, and nothing of that stays."""

import os
import sys
import threading

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from paribus.execute.events import EpochEnded, Finished, Started
from paribus.execute.inline import Inline
from paribus.execute.processes import Processes
from paribus.nn.native import library


def state():
    """What of this process a task could have changed."""
    return {
        "threads": torch.get_num_threads(),
        "flushes": sys.float_info.min / 2 == 0,
        "kernels": library.chosen(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "blas": [item["num_threads"] for item in threadpool_info() if item["user_api"] == "blas"],
        "environment": {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        "numpy": np.geterr(),
        "random": torch.get_rng_state().tolist(),
        "python threads": threading.active_count(),
    }


@pytest.fixture(params=["plain", "odd"])
def before(request):
    """The state of this process, as it usually is or of an unusual caller."""
    threads, chosen = torch.get_num_threads(), library.chosen()
    if request.param == "odd":
        torch.set_num_threads(3)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        library.use(library.Built(None, "a test chose PyTorch's operators"))
    yield state()
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    library.use(chosen)


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, RuntimeError])
def test_the_callers_state_is_its_own_at_every_event_and_at_the_end(tasks, tmp_path, before, end):
    seen = []

    def look(event):
        now = state()
        seen.append({**now, "blas": before["blas"]})  # held for the whole of a task
        if end and isinstance(event, EpochEnded):
            raise end

    work = tasks()[:1]
    with Inline(tmp_path) as executor:
        if end:
            with pytest.raises(end):
                executor.run(work, look)
        else:
            executor.run(work, look)
    assert seen == [before] * (2 if end else 4)
    assert state() == before


def test_bits_do_not_depend_on_the_caller(tasks, tmp_path, before):
    work, told = tasks()[:1], []
    with Inline(tmp_path / "here") as executor:
        executor.run(work, told.append)
    with Processes(tmp_path / "there", jobs=1) as executor:
        executor.run(work, told.append)
    ours, theirs = (event.environment for event in told if isinstance(event, Started))
    assert {**ours, "memory_kept": True} == theirs
    assert (ours["threads"], ours["kernels"]) == (1, "native")
    one, other = (sorted((tmp_path / name).rglob("*.safetensors")) for name in ("here", "there"))
    assert one
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_task_is_done_on_one_thread_without_denormals(tasks, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "paribus.engine.run.run_trial", lambda *_, **__: seen.append(state()) or 1 / 0
    )
    with Inline(tmp_path) as executor:
        executor.run(tasks()[:1], seen.append)
    _, inside, finished = seen
    assert isinstance(finished, Finished)
    assert "ZeroDivisionError" in finished.outcome.reason
    assert (inside["threads"], inside["flushes"]) == (1, True)
    assert set(inside["blas"]) <= {1}


def test_what_a_caller_raises_keeps_its_cause(tasks, tmp_path):
    def fail(event):
        raise RuntimeError("odd") from LookupError("why")

    with Inline(tmp_path) as executor, pytest.raises(RuntimeError, match="odd") as found:
        executor.run(tasks(), fail)
    assert isinstance(found.value.__cause__, LookupError)
