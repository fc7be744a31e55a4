"""What every executor promises, kept by both of ours."""

import pytest

from paribus.execute.inline import Inline
from paribus.execute.processes import Processes
from paribus.testing.executor import ExecutorContract
from tests.execute.living import workers

pytestmark = [
    pytest.mark.slow,
    # Ctrl-C may meet an open file, which then is closed without a `with`
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class TestInline(ExecutorContract):
    def make(self, out, *, jobs):
        return Inline(out, jobs=jobs)

    def make_other(self, out):
        return Processes(out, jobs=1)


class TestProcesses(ExecutorContract):
    has_workers = True

    def make(self, out, *, jobs):
        return Processes(out, jobs=jobs)

    def living_workers(self):
        return len(workers())

    def end_a_worker(self):
        (worker,) = workers()
        worker.kill()
