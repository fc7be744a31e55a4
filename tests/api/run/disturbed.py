"""A run that is disturbed: workers that die, and what its folder holds then."""

import os
import signal

from paribus.api.run.running import RunOptions, run_study
from paribus.execute import processes
from paribus.execute.events import EpochEnded, Started
from paribus.study.load import study_from_mapping

REFIT = {"by": "val_accuracy", "refit": "train+validation", "test": "once"}


def table(results):
    plain = results.to_json()
    for trial in plain["trials"]:
        del trial["seconds"]
    return plain


def run(study, out, observe=lambda _: None, **options):
    """Run a study without drawing its report, which takes longer."""
    return run_study(study_from_mapping(study), out, RunOptions(**{"jobs": 1, **options}), observe)


class Killer:
    """Kills the worker of chosen trials when they begin, by the executor's own hands."""

    def __init__(self, monkeypatch, wanted, times):
        self.left, self.wanted, self.pids = {}, wanted, set()
        hear = processes._hear

        def listening(worker, on_event, out):
            def on(event):
                on_event(event)
                if isinstance(event, Started | EpochEnded):
                    self.meet(worker, event, times)

            return hear(worker, on, out)

        monkeypatch.setattr(processes, "_hear", listening)

    def meet(self, worker, event, times):
        trial = next(t for t in worker.task.trials if t.identity == event.identity)
        key = (trial.variant.name, trial.seed)
        wanted = key == self.wanted and isinstance(event, EpochEnded)
        pid = worker.process.pid
        if wanted and pid not in self.pids and self.left.get(key, 0) < times:
            self.left[key] = self.left.get(key, 0) + 1
            os.kill(pid, signal.SIGKILL)
            self.pids.add(pid)

    @property
    def killed(self):
        """Workers, not signals: what a dead worker had already sent is still heard."""
        return len(self.pids)
