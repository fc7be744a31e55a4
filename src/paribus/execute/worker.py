"""What a worker process does: take a task, train, test or explain, leave artifacts, report.

A worker has one thread, flushes denormals, ignores Ctrl-C (the parent decides) and ends with its
parent. Artifacts are durable before the event that announces them is sent.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.data.exported import open_dataset
from paribus.data.prepare import PreparedData, open_test, prepare
from paribus.data.spec import DataSpec
from paribus.engine.memory import give_memory_back
from paribus.errors import ParibusError, Problem, StudyError
from paribus.execute import artifacts
from paribus.execute.events import (
    EpochEnded,
    Event,
    Explained,
    Fatal,
    Finished,
    NotDone,
    Ready,
    Started,
    Task,
    Tested,
    fatal,
)
from paribus.nn.native.library import Built, use
from paribus.records import Predictions, Trial, TrialOutcome

if TYPE_CHECKING:
    from paribus.engine.history import Checkpoint

__all__ = ["settle", "work"]


@dataclass
class _Desk:
    """What a worker keeps between tasks: the last prepared data."""

    out: Path
    device: str
    environment: dict[str, Any] = field(default_factory=dict)
    prepared: tuple[str, PreparedData] | None = None
    variant: str = ""
    """Of the last trial: another one gets memory that is not shaped by this one."""


def work(connection: Connection, out: Path, device: str, kernels: Built) -> None:
    """Serve tasks until the parent closes the connection.

    Args:
        connection: tasks come in, events go out.
        out: the study's output folder.
        device: ``cpu`` or ``cuda``.
        kernels: what the parent has compiled.
    """
    settle(kernels)
    from paribus.engine.environment import environment_fingerprint

    desk = _Desk(out, device, environment_fingerprint(device))
    try:
        connection.send(Ready())
        while True:
            task: Task = connection.recv()
            _serve(desk, task, connection.send)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def settle(kernels: Built) -> None:
    """Make this process a worker: one thread, no denormals.

    Args:
        kernels: what the parent has compiled.
    """
    import torch

    use(kernels)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def _serve(desk: _Desk, task: Task, send: Callable[[Event], None]) -> None:
    unfinished = {trial.identity for trial in task.trials}

    def tell(event: Event) -> None:
        if isinstance(event, Finished):
            unfinished.discard(event.identity)
        send(event)

    try:
        _check_device(desk.device)
        _make_room(desk, task)
        if task.kind == "test":
            send(_test(desk, task))
        elif task.kind == "explain":
            send(_explain(desk, task))
        elif task.group_size > 1 and not {"backend", "mistakes"} & set(
            task.trials[0].variant.train
        ):
            _fit_groups(desk, task, tell)
        else:
            _fit(desk, task, tell)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # noqa: BLE001 - a trial that cannot run is data
        said = _said_of(task, error)
        if isinstance(said, Fatal):
            send(said)
            return
        for trial in task.trials:
            if trial.identity not in unfinished:
                continue
            if task.kind == "fit":
                send(Finished(trial.identity, TrialOutcome("failed", 0, 0.0, reason=said)))
            else:  # what it was trained to stays
                send(NotDone(trial.identity, said))


def _said_of(task: Task, error: Exception) -> Fatal | str:
    """Return what ends the run, or why the task failed."""
    if _is_full(error):
        return _too_large(task, error)
    if isinstance(error, ParibusError):
        return fatal(error) or str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _fit(desk: _Desk, task: Task, send: Callable[[Event], None]) -> None:
    from paribus.engine.run import run_trial

    data = _prepared(desk, task)
    (trial,) = task.trials
    if trial.variant.train.get("backend") == "numpy":
        _fit_reference(desk, trial, data, send)
        return
    folder = artifacts.trial_folder(desk.out, trial.identity)
    resume = _read_checkpoint(folder)
    _announce(trial, desk.environment, resume, send)
    outcome = run_trial(
        trial,
        data,
        emit=lambda record: send(EpochEnded(trial.identity, record)),
        device=desk.device,
        resume=resume,
        save=lambda checkpoint: _write_checkpoint(folder, checkpoint),
    )
    _finish(desk, trial, outcome, data, send)


def _fit_reference(
    desk: _Desk, trial: Trial, data: PreparedData, send: Callable[[Event], None]
) -> None:
    from paribus.engine.run_reference import run_reference_trial

    _announce(trial, desk.environment, None, send)
    outcome = run_reference_trial(
        trial, data, emit=lambda record: send(EpochEnded(trial.identity, record))
    )
    _finish(desk, trial, outcome, data, send)


def _fit_groups(desk: _Desk, task: Task, send: Callable[[Event], None]) -> None:
    """Train together; trials that a crash has left at different epochs go on in groups of their own."""
    data = _prepared(desk, task)
    parts: dict[int, list[tuple[Trial, Checkpoint | None]]] = {}
    for trial in task.trials:
        found = _read_checkpoint(artifacts.trial_folder(desk.out, trial.identity))
        parts.setdefault(len(found.records) if found else 0, []).append((trial, found))
    for part in parts.values():
        _fit_group(desk, part, data, task.group_size, send)


def _fit_group(
    desk: _Desk,
    part: Sequence[tuple[Trial, Checkpoint | None]],
    data: PreparedData,
    group_size: int,
    send: Callable[[Event], None],
) -> None:
    from paribus.engine.group import run_group

    trials = [trial for trial, _ in part]
    folders = [artifacts.trial_folder(desk.out, trial.identity) for trial in trials]
    for trial, checkpoint in part:
        _announce(trial, {**desk.environment, "group_size": group_size}, checkpoint, send)
    outcomes = run_group(
        trials,
        data,
        group_size=group_size,
        emit=lambda index, record: send(EpochEnded(trials[index].identity, record)),
        device=desk.device,
        resume=[checkpoint for _, checkpoint in part],
        save=lambda index, checkpoint: _write_checkpoint(folders[index], checkpoint),
    )
    for trial, outcome in zip(trials, outcomes, strict=True):
        _finish(desk, trial, outcome, data, send)


def _announce(
    trial: Trial,
    environment: Mapping[str, Any],
    resume: Checkpoint | None,
    send: Callable[[Event], None],
) -> None:
    send(Started(trial.identity, environment, len(resume.records) if resume else 0))
    for record in resume.records if resume else ():
        send(EpochEnded(trial.identity, record))


def _finish(
    desk: _Desk,
    trial: Trial,
    outcome: TrialOutcome,
    data: PreparedData,
    send: Callable[[Event], None],
) -> None:
    """Make artifacts durable, then say that the trial has ended."""
    from paribus.engine.examine import examine

    folder = artifacts.trial_folder(desk.out, trial.identity)
    outcome = examine(trial, data, outcome, desk.device)
    if outcome.status == "done":
        artifacts.write_weights(folder, outcome.weights, data.preprocessing)
        for predictions in outcome.predictions:
            artifacts.write_predictions(folder, predictions)
    observed = {**outcome.observed, "preprocessing_notes": list(data.preprocessing.notes())}
    send(Finished(trial.identity, replace(outcome, weights={}, predictions=(), observed=observed)))


def _test(desk: _Desk, task: Task) -> Tested:
    import torch

    from paribus.engine.evaluate import Scorer, evaluate_and_predict
    from paribus.engine.examine import moments
    from paribus.engine.images import DeviceImages
    from paribus.nn.build import build_network, load_weights
    from paribus.nn.spec import ModelSpec
    from paribus.nn.training import TrainSpec

    (trial,) = task.trials
    folder = artifacts.trial_folder(desk.out, trial.identity)
    weights, preprocessing = artifacts.read_weights_file(folder)
    variant = trial.variant
    dataset = open_dataset(task.dataset)
    test = open_test(dataset, DataSpec.parse(variant.data), preprocessing)
    model = ModelSpec.parse(variant.model)
    network = build_network(model, test.images.image_shape)
    load_weights(network, weights)
    network.to(desk.device)
    train = TrainSpec.parse(variant.train, model.defaults)
    scorer = Scorer.of(train, network.final_activation, len(dataset.class_names))
    images = DeviceImages(test.images, torch.device(desk.device))
    labels = torch.from_numpy(test.labels).to(desk.device)
    scores, *found = evaluate_and_predict(network, images, labels, scorer)
    probabilities, logarithms = (tensor.numpy() for tensor in found)
    artifacts.write_predictions(
        folder, Predictions("test", test.ids, test.labels, probabilities, logarithms)
    )
    metrics = {"test_loss": scores.loss, "test_accuracy": scores.accuracy}
    return Tested(trial.identity, metrics, moments(test.images, test.preprocessing))


def _explain(desk: _Desk, task: Task) -> Explained:
    from paribus.execute.insight import write_insight

    (trial,) = task.trials
    write_insight(desk.out, trial, open_dataset(task.dataset))
    return Explained(trial.identity)


def _make_room(desk: _Desk, task: Task) -> None:
    name = task.trials[0].variant.name
    if desk.variant not in ("", name):
        give_memory_back()
    desk.variant = name


def _prepared(desk: _Desk, task: Task) -> PreparedData:
    trial = task.trials[0]
    spec = DataSpec.parse(trial.variant.data)
    drawn = trial.seed if spec.train_size is not None else None
    key = json.dumps([str(task.dataset), trial.variant.data, drawn, trial.fit_on], sort_keys=True)
    if desk.prepared is None or desk.prepared[0] != key:
        desk.prepared = None
        dataset = open_dataset(task.dataset)
        desk.prepared = (key, prepare(dataset, spec, seed=trial.seed, fit_on=trial.fit_on))
    return desk.prepared[1]


def _write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    groups = {
        "weights": checkpoint.weights,
        "optimizer": checkpoint.optimizer,
        "best": checkpoint.best_weights,
    }
    artifacts.write_checkpoint(folder, checkpoint.records, groups)


def _read_checkpoint(folder: Path) -> Checkpoint | None:
    from paribus.engine.history import Checkpoint

    found = artifacts.read_checkpoint(folder)
    if found is None:
        return None
    records, groups = found
    return Checkpoint(
        records, groups.get("weights", {}), groups.get("optimizer", {}), groups.get("best", {})
    )


def _check_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise StudyError(
            Problem(
                "--device",
                "cuda needs a GPU that torch can use; torch sees none",
                f"torch {torch.__version__}",
                "Use --device cpu, or install a torch with CUDA.",
            )
        )


def _is_full(error: Exception) -> bool:
    """Whether a GPU has no memory left, by PyTorch's own error or by one of CUDA's libraries."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "ALLOC_FAILED" in said or "CUDA error: out of memory" in said
    )


def _too_large(task: Task, error: Exception) -> Fatal:
    """Say that a GPU is too small: a fact about the machine, not a result of the trials."""
    trial, size = task.trials[0], task.group_size
    what = f"a trial of variant {trial.variant.name!r}"
    smaller = "--device cpu"
    if size > 1:
        what = f"a group of {size} trials, such as {trial.variant.name!r}"
        smaller = f"a smaller --group-size, such as {size // 2}"
    problem = Problem(
        "--group-size" if size > 1 else "--device",
        f"{what}, and what else is on the GPU, must fit its memory",
        repr(str(error).partition("\n")[0].partition(". ")[0].rstrip(".")),
        f"Use {smaller}; fewer --jobs leave each more room. What has ended is kept.",
    )
    return Fatal("StudyError", (problem,), "")
