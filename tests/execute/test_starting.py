"""Both ways to start a worker keep the same promises; the fork server's own are tested below them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from paribus.execute.workers import fork_server, starting
from paribus.execute.workers.fork_server import ForkServer
from paribus.execute.workers.spawning import WORKER_ENVIRONMENT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not starting._can_fork(), reason="workers are forked on Linux, where pidfds can be opened"
    ),
]


@pytest.fixture(params=["forked", "spawned"])
def start(request, monkeypatch):
    """`start_worker`, held to one of its two ways."""
    if request.param == "spawned":
        monkeypatch.setattr(starting, "_can_fork", lambda: False)
    return starting.start_worker


@pytest.fixture
def server():
    """A fork server of this test's own."""
    made = ForkServer()
    yield made
    made._forget()


def tell(connection, names):
    """Say where this process is; runs in a worker."""
    masked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    told = {name: os.environ.get(name) for name in names}
    connection.send((os.getpid(), str(Path.cwd()), told, sys.path, masked))


def finish(connection, how):
    """End in one of several ways; runs in a worker."""
    if how == "error":
        raise RuntimeError("odd")
    if how == "exit":
        raise SystemExit(3)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def wait_long(connection):
    """Say that it lives, then do nothing; runs in a worker."""
    connection.send(os.getpid())
    time.sleep(600)


def speak(connection):
    """Write to both outputs; runs in a worker."""
    print("to standard output")
    print("to standard error", file=sys.stderr)


def count(folder):
    """Return how many entries a folder has."""
    return sum(1 for _ in folder.iterdir())


def settled(look):
    """Return what is seen once the server has tidied up behind a worker that we know has ended."""
    time.sleep(0.2)
    return look()


def has_ended(pid):
    """Return whether a process is gone, or only waits to be reaped, within two seconds."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_worker_is_where_the_program_is_when_it_starts(start, tmp_path, monkeypatch):
    for value in ("first", "second"):
        folder = tmp_path / value
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("A_VARIABLE", value)
        monkeypatch.syspath_prepend(str(folder))
        process, connection = start(tell, (["A_VARIABLE", *WORKER_ENVIRONMENT],))
        pid, where, told, path, masked = connection.recv()
        assert pid == process.pid
        assert where == str(folder)
        assert told == {"A_VARIABLE": value, **WORKER_ENVIRONMENT}
        assert str(folder) in path
        assert masked, "Ctrl-C is for the program alone"
        process.join()


@pytest.mark.parametrize(
    ("how", "code"), [("well", 0), ("error", 1), ("exit", 3), ("killed", -signal.SIGKILL)]
)
def test_how_a_worker_ended_is_known(start, how, code, capfd):
    process, connection = start(finish, (how,))
    process.join()
    assert process.exitcode == code
    process.join()
    process.kill()  # what has ended cannot be harmed
    assert process.exitcode == code
    with pytest.raises(EOFError):
        connection.recv()
    assert ("RuntimeError: odd" in capfd.readouterr().err) == (how == "error")


def test_a_worker_is_ended_at_once(start):
    process, connection = start(wait_long, ())
    pid = connection.recv()
    assert process.exitcode is None
    process.join(0.05)
    assert process.exitcode is None
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert has_ended(pid)


def test_what_a_worker_prints_goes_where_ours_goes_now(start, capfd):
    process, _ = start(speak, ())
    process.join()
    out, err = capfd.readouterr()
    assert out == "to standard output\n"
    assert err == "to standard error\n"


PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from paribus.execute.workers import starting
from tests.execute.test_starting import wait_long

if sys.argv[1] == "spawned":
    starting._can_fork = lambda: False
found = [starting.start_worker(wait_long, ()) for _ in range(2)]
pids = [connection.recv() for _, connection in found] + [starting.SERVER.pid or os.getpid()]
Path(sys.argv[3]).write_text(" ".join(map(str, pids)))
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "sleep":
    time.sleep(600)
"""


@pytest.mark.parametrize("way", ["forked", "spawned"])
@pytest.mark.parametrize("end", ["kill", "return"])
def test_workers_end_with_the_program_however_it_ends(way, end, tmp_path):
    found = tmp_path / "found"
    program = [sys.executable, "-c", PROGRAM, way, end, str(found)]
    done = subprocess.run(program, check=False)
    assert done.returncode == (-signal.SIGKILL if end == "kill" else 0)
    pids = [int(word) for word in found.read_text().split()]
    assert len(set(pids)) == 3
    assert all(map(has_ended, pids))


def test_a_program_whose_outputs_are_closed_starts_workers(tmp_path):
    found = tmp_path / "found"
    program = [sys.executable, "-c", PROGRAM, "forked", "return", str(found)]
    closed = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *program]
    assert subprocess.run(closed, check=False).returncode == 0
    pids = [int(word) for word in found.read_text().split()]
    assert len(set(pids)) == 3
    assert all(map(has_ended, pids))


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


def test_where_processes_cannot_be_held_by_descriptors_workers_are_spawned(monkeypatch):
    def refused(pid):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refused)
    assert not starting._can_fork()
    process, connection = starting.start_worker(wait_long, ())
    assert connection.recv() == process.pid
    assert process.pid in {child.pid for child in psutil.Process().children()}
    process.kill()
    process.join()
