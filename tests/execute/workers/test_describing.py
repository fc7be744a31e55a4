"""A worker describes itself as a run would start it, or the reason why it cannot is said."""

from multiprocessing import Pipe

import pytest

from paribus.errors import TrialError
from paribus.execute.workers import describing
from paribus.nn.native.library import build


class Ended:
    exitcode = 7

    def kill(self):
        pass

    def join(self, timeout=None):
        pass


@pytest.fixture
def played(monkeypatch):
    """Have a function do in this process what a worker would do."""
    kept = []

    def play(describe):
        def start(target, arguments):
            own, theirs = Pipe()
            kept.extend((own, theirs))
            target(theirs, *arguments)
            return Ended(), own

        monkeypatch.setattr(describing, "_require_torch", lambda: None)
        monkeypatch.setattr(describing, "_describe", describe)
        monkeypatch.setattr(describing, "start_worker", start)
        return describing.described_worker(build())

    yield play
    for end in kept:
        end.close()


@pytest.mark.slow
def test_a_worker_says_what_it_is():
    said = describing.described_worker(build())
    assert said["threads"] == 1
    assert said["torch"].startswith("2.")
    assert said["kernels"] == ("torch" if build().path is None else "native")
    assert {"instructions", "memory_kept", "bf16_emulated", "gpu"} <= set(said)


def test_what_a_worker_raises_is_said(played, monkeypatch):
    def broken(_):
        raise OSError("no libtorch")

    monkeypatch.setattr(describing, "_self", broken)
    with pytest.raises(TrialError, match="OSError: no libtorch"):
        played(describing._describe)


def test_a_worker_that_is_silent_or_gone_is_said(played, monkeypatch):
    monkeypatch.setattr(describing, "SECONDS", 0.05)
    with pytest.raises(TrialError, match="it said nothing for 0 seconds"):
        played(lambda *_: None)
    with pytest.raises(TrialError, match=r"it ended at once \(exit code 7\)"):
        played(lambda connection, _: connection.close())
