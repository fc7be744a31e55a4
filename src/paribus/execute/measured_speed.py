"""Measurement of variants' training speed on this machine, in as many processes as a run would use."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import mean

from paribus.errors import Problem, TrialError
from paribus.execute.workers.arithmetic import settle, worker_arithmetic
from paribus.execute.workers.starting import start_worker
from paribus.nn.native.library import Built, build
from paribus.records import Shape, Speed, Variant

__all__ = ["MeasuredSpeeds", "SpeedProbe", "measure_speeds"]

MOST_PROCESSES = 8


@dataclass(frozen=True)
class SpeedProbe:
    """A variant to measure, with shape and number of classes of its data."""

    variant: Variant
    shape: Shape
    num_classes: int
    guess: float
    """Rough forecast of seconds per training example."""
    looked_up: bool
    """Whether images are bytes with a lookup table, or float32."""


@dataclass(frozen=True)
class MeasuredSpeeds:
    """Measured times to start a worker and to train on this machine."""

    start_seconds: float
    """Seconds from starting the workers until all of them are ready to train."""
    speeds: tuple[Speed, ...]
    """Speed of each probe, in order: mean over the processes, for memory the maximum."""


def measure_speeds(probes: Sequence[SpeedProbe], jobs: int) -> MeasuredSpeeds:
    """Measure all probes in several processes at the same time, since they share the machine.

    Args:
        probes: variants to measure.
        jobs: number of workers of the run that is forecast.

    Raises:
        TrialError: a process died.
    """
    count = min(jobs, MOST_PROCESSES)
    kernels = build()
    start = time.perf_counter()
    workers = [start_worker(_measure, (tuple(probes), kernels)) for _ in range(count)]
    try:
        for _, connection in workers:
            connection.recv()
        started = time.perf_counter() - start
        found: list[list[Speed]] = [connection.recv() for _, connection in workers]
    except (EOFError, ConnectionResetError):
        rule = "a process died while it measured; out of memory is a common cause"
        raise TrialError(Problem("plan", rule, fix="Try --quick, or fewer --jobs.")) from None
    finally:
        for process, connection in workers:
            connection.close()
            process.kill()
        for process, _ in workers:
            process.join()
    return MeasuredSpeeds(started, tuple(map(_mean, zip(*found, strict=True))))


def _mean(speeds: Sequence[Speed]) -> Speed:
    return Speed(
        mean(item.train_seconds for item in speeds),
        mean(item.evaluation_seconds for item in speeds),
        max(item.memory_bytes for item in speeds),
        mean(item.start_seconds for item in speeds),
        any(item.emulated for item in speeds),
    )


def _measure(connection: Connection, probes: Sequence[SpeedProbe], kernels: Built) -> None:
    """Send ``"ready"``, then the list of measured speeds. Runs in a worker process."""
    settle(worker_arithmetic(kernels))
    from paribus.engine.inspection.speed import measure_speed

    connection.send("ready")
    connection.send(
        [
            measure_speed(
                probe.variant,
                probe.shape,
                probe.num_classes,
                probe.guess,
                looked_up=probe.looked_up,
            )
            for probe in probes
        ]
    )
