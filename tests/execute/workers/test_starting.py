"""Both ways to start a worker keep the same promises; the fork server's own are in test_fork_server.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from paribus.execute.workers import starting
from paribus.execute.workers.spawning import WORKER_ENVIRONMENT
from tests.execute.workers.children import finish, has_ended, wait_long

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


def tell(connection, names):
    """Say where this process is; runs in a worker."""
    masked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    told = {name: os.environ.get(name) for name in names}
    connection.send((os.getpid(), str(Path.cwd()), told, sys.path, masked))


def speak(connection):
    """Write to both outputs; runs in a worker."""
    print("to standard output")
    print("to standard error", file=sys.stderr)


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
from tests.execute.workers.children import wait_long

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
