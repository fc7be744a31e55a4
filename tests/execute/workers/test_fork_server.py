"""The fork server: it forks many workers, keeps nothing open, ends with its program and without work."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from paribus.execute.workers import fork_server, starting
from paribus.execute.workers.fork_server import ForkServer
from tests.execute.workers.children import finish, has_ended, wait_long

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not starting._can_fork(), reason="workers are forked on Linux, where pidfds can be opened"
    ),
]


@pytest.fixture
def server():
    """A fork server of this test's own."""
    made = ForkServer()
    yield made
    made._forget()


def count(folder):
    """Return how many entries a folder has."""
    return sum(1 for _ in folder.iterdir())


def settled(look):
    """Return what is seen once the server has tidied up behind a worker that we know has ended."""
    time.sleep(0.2)
    return look()


def test_a_server_forks_many_workers_with_one_thread_and_keeps_no_file_open(server):
    process, connection = server.fork(finish, ("well",))
    process.join()
    connection.close()
    root = psutil.Process(server.pid)
    ours, its = count(Path("/proc/self/fd")), settled(root.num_fds)
    for _ in range(3):
        found = [server.fork(wait_long, ()) for _ in range(4)]
        pids = {connection.recv() for _, connection in found}
        assert {child.pid for child in root.children()} == pids
        for process, connection in found:
            process.kill()
            process.join()
            connection.close()
        assert not settled(root.children)
    assert root.num_threads() == 1, "a thread would not survive a fork"
    assert (count(Path("/proc/self/fd")), settled(root.num_fds)) == (ours, its)


def test_workers_end_with_their_server_and_another_takes_its_place(server):
    process, connection = server.fork(wait_long, ())
    pid, first = connection.recv(), server.pid
    os.kill(first, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert has_ended(pid)
    process, connection = server.fork(wait_long, ())
    assert connection.recv() == process.pid
    assert server.pid != first


def test_a_worker_that_is_not_wanted_any_more_before_it_is_forked_never_works(server):
    """Ctrl-C while PyTorch is still imported must not wait for it."""
    begun = time.monotonic()
    process, connection = server.fork(wait_long, ())
    process.kill()
    process.join()
    assert time.monotonic() - begun < 1
    assert process.exitcode == -signal.SIGKILL
    other, _ = server.fork(wait_long, ())
    assert other.pid is not None
    children = {child.pid for child in psutil.Process(server.pid).children()}
    assert children == {other.pid} or all(has_ended(pid) for pid in children - {other.pid})
    connection.close()
    other.kill()


def test_a_forked_copy_of_the_program_starts_a_server_of_its_own(server):
    process, _ = server.fork(finish, ("well",))
    process.join()
    copy = os.fork()
    if copy == 0:
        code = 1
        try:
            assert server.pid is None
            child, connection = server.fork(wait_long, ())
            code = 0 if connection.recv() == child.pid else 2
            child.kill()
            child.join()
            server._forget()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    process, connection = server.fork(wait_long, ())
    assert connection.recv() == process.pid, "the copy has not harmed ours"


def test_a_server_without_work_ends_and_the_next_worker_starts_another(monkeypatch):
    asked = []
    monkeypatch.setattr(fork_server, "IDLE_SECONDS", 0.05)
    own, theirs = fork_server.multiprocessing.Pipe()
    monkeypatch.setattr(fork_server.importlib, "import_module", asked.append)
    fork_server._serve(theirs)
    assert asked == list(fork_server.PRELOADED)
    own.close()
