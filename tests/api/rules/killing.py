"""A program that runs studies in children of itself, each of which may be killed at a named point.

Everything is imported once and children are forked, so that a run takes one second instead of six. What is
killed is real: the process that runs the study, or a worker process of it.

Reads one JSON object a line ({"study", "out", "point", "log", "report"}), and answers each by the exit
status of the child: 0 all done, 3 something missing or failed, -9 killed.
"""

import json
import multiprocessing
import os
import sys
import traceback
from pathlib import Path

import torch

import paribus
from paribus import failpoints
from paribus.api.run.running import RunOptions, run_study
from paribus.engine import group, run
from paribus.engine.provenance.environment import environment_fingerprint
from paribus.execute import insight_file as insight
from paribus.execute.workers import starting
from paribus.nn.native.library import build, use
from paribus.store import schema
from paribus.study.load import load_study

IMPORTED = (group, insight, run, schema)
"""So that no child has to."""


def main():
    torch.set_num_threads(1)
    use(build())
    environment_fingerprint("cpu")
    fork = multiprocessing.get_context("fork")
    multiprocessing.get_context = lambda _=None: fork
    starting._can_fork = lambda: False  # a server of each child would import everything again
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            try:
                os._exit(child(json.loads(line)))
            except BaseException:
                traceback.print_exc()
            os._exit(70)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def child(asked):
    names = {failpoints.POINT: asked.get("point"), failpoints.LOG: asked.get("log")}
    failpoints.arm({name: value for name, value in names.items() if value})
    options = RunOptions(jobs=2)
    if asked.get("report"):
        results = paribus.load(asked["study"]).run(
            asked["out"], options=options, store=asked.get("store")
        )
    else:  # most of a run's time is the drawing of its charts
        results = run_study(
            load_study(Path(asked["study"])), Path(asked["out"]), options, store=asked.get("store")
        )
    failed = any(trial.status == "failed" for trial in results.summary.trials)
    return 3 if failed or not results.summary.complete else 0


if __name__ == "__main__":
    main()
