"""Serving a task: what a handler raises becomes data, unless no trial can help it."""

import pickle
from dataclasses import replace
from typing import get_args

import pytest
import torch

from paribus import errors
from paribus.execute.events import Fatal, Finished, NotDone, Started
from paribus.execute.task import Kind
from paribus.execute.workers import serving
from paribus.execute.workers.desk import Desk
from paribus.execute.workers.serving import HANDLERS, UnheardError, serve


def test_every_kind_of_task_has_its_handler():
    assert set(HANDLERS) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("size", "advice"), [(16, "a smaller --group-size, such as 8"), (1, "--device cpu")]
)
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be ..."),
    ],
)
def test_a_gpu_that_is_too_small_stops_the_study_and_fails_no_trial(
    tasks, tmp_path, monkeypatch, size, advice, error
):
    """That a GPU was too small says nothing about a variant, so it must not be kept as a result."""

    def full(*_, **__):
        raise error

    monkeypatch.setattr("paribus.engine.group.run_group", full)
    monkeypatch.setattr("paribus.engine.run.run_trial", full)
    (first, *_), told = tasks(), []
    task = replace(first, kind="fit_group" if size > 1 else "fit", group_size=size)
    serve(Desk(tmp_path / "out", "cpu"), task, told.append)
    *before, last = told
    assert [type(event) for event in before] == [Started]
    assert isinstance(last, Fatal)
    assert last.kind == "StudyError"
    said = str(last.problems[0])
    assert advice in said
    assert "'none', and what else is on the GPU, must fit its memory" in said
    assert f"got {str(error)[:18]!r}"[:-1] in said


def test_another_runtime_error_is_a_trials_own(tasks, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("paribus.engine.run.run_trial", broken)
    (first, *_), told = tasks(), []
    serve(Desk(tmp_path / "out", "cpu"), first, told.append)
    assert isinstance(told[-1], Finished)
    assert "shapes do not fit" in told[-1].outcome.reason


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("never leaves")


@pytest.mark.parametrize(
    "error",
    [
        Unpicklable("odd"),
        errors.TrialError("odd"),
        errors.ParibusError("odd"),
        EOFError("odd"),
        BrokenPipeError("odd"),
    ],
)
def test_an_error_that_ends_no_run_fails_a_fit_and_leaves_a_trained_trial_alone(tasks, tmp_path, monkeypatch, error):  # fmt: skip
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(serving, "HANDLERS", dict.fromkeys(get_args(Kind), broken))
    (first, *_) = tasks()
    for kind in get_args(Kind):
        expected = Finished if kind.startswith("fit") else NotDone
        told = []
        serve(Desk(tmp_path / "out", "cpu"), replace(first, kind=kind), told.append)
        last = pickle.loads(pickle.dumps(told[-1]))
        assert isinstance(last, expected)
        assert "odd" in (last.outcome.reason if expected is Finished else last.reason)


def test_who_is_not_heard_ends_the_task_and_fails_no_trial(tasks, tmp_path):
    (first, *_), told = tasks(), []

    def gone(event):
        told.append(event)
        raise UnheardError(BrokenPipeError("nobody"))

    with pytest.raises(UnheardError, match="nobody"):
        serve(Desk(tmp_path / "out", "cpu"), first, gone)
    assert [type(event) for event in told] == [Started]


def test_an_event_that_cannot_leave_fails_its_trial(tasks, tmp_path):
    """Else its trial would never end, and its caller would wait for ever."""
    (first, *_), told = tasks(), []

    def strict(event):
        if isinstance(event, Finished) and event.outcome.status == "done":
            raise TypeError("cannot pickle it")
        told.append(event)

    serve(Desk(tmp_path / "out", "cpu"), first, strict)
    assert told[-1].outcome.status == "failed"
    assert "cannot pickle it" in told[-1].outcome.reason
