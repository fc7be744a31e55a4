"""Whatever is wrong with a machine, `doctor` says it with its price and a cure, and never ends in a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.api.machine import examining
from paribus.errors import TrialError
from paribus.nn.native.library import Built

GOOD = {
    "torch": "2.13.0",
    "instructions": "AVX2",
    "threads": 1,
    "memory_kept": True,
    "bf16_emulated": False,
    "gpu": None,
}


def doctor(*arguments, **environment):
    """Run the command in a process with changed variables; None unsets one."""
    own = {
        **os.environ,
        **{name: value for name, value in environment.items() if value is not None},
    }
    for name in [name for name, value in environment.items() if value is None]:
        own.pop(name, None)
    done = subprocess.run(
        [Path(sys.executable).parent / "paribus", "doctor", *arguments],
        capture_output=True,
        text=True,
        env=own,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def facts(**environment):
    done = doctor("--json", **environment)
    found = json.loads(done.stdout)
    assert found["good"] == (done.returncode == 0)
    assert done.returncode in (0, 1)
    return {(fact["area"], fact["name"]): fact for fact in found["facts"]}


@pytest.fixture
def alone(monkeypatch):
    """No worker is started: what it says is made up."""

    def say(changes=None, error=None, kernels=None):
        def described(_):
            if error is not None:
                raise TrialError(error)
            return {**GOOD, **(changes or {})}

        monkeypatch.setattr(examining, "described_worker", described)
        monkeypatch.setattr(examining, "build", lambda: kernels or Built(Path("/cache/kernels.so")))
        return {fact.name: fact for fact in examining.examine()}

    return say


@pytest.mark.slow
def test_this_machine_can_work_and_the_worker_says_how():
    found = facts()
    assert found["worker", "torch"]["found"].startswith("2.")
    assert found["data", "digits"]["found"] == "on this machine"
    assert not [fact for fact in found.values() if fact["state"] == "wrong"]
    text = doctor().stdout
    assert text.rstrip().endswith("Nothing is wrong.")
    assert all(
        area in text.splitlines() for area in ("machine", "python", "worker", "data", "extras")
    )


@pytest.mark.slow
def test_no_home_no_compiler_and_a_wrong_data_folder_are_said(tmp_path):
    readonly = tmp_path / "file"
    readonly.write_text("no folder")
    found = facts(
        PATH=str(tmp_path),
        CC=None,
        HOME=str(readonly),
        XDG_CACHE_HOME=str(readonly / "cache"),
        PARIBUS_DATA=str(tmp_path / "absent"),
    )
    kernels = found["worker", "C kernels"]
    assert (kernels["state"], "no C compiler" in kernels["found"]) == ("wrong", True)
    assert kernels["cost"]
    assert "apt install gcc" in kernels["fix"]
    assert found["data", "PARIBUS_DATA"]["state"] == "wrong"
    assert found["data", "mnist"]["state"] == "note"
    assert found["extras", "browser"]["state"] == "note"


@pytest.mark.slow
def test_a_torch_that_does_not_load_is_said(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "raise OSError('libtorch: \\x1b[31m cannot open')"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    found = facts(PYTHONPATH=path)
    start = found["worker", "start"]
    assert start["state"] == "wrong"
    assert start["cost"] == "no study can be run"
    assert "torch cannot be imported (OSError: libtorch:" in start["found"]
    assert "\x1b" not in doctor(PYTHONPATH=path).stdout


def test_kernels_that_are_switched_off_are_a_note_and_lacking_ones_are_wrong(alone):
    off = alone(kernels=Built(None, "PARIBUS_KERNELS=torch"))["C kernels"]
    assert (off.state, off.fix) == ("note", "Unset PARIBUS_KERNELS.")
    lacking = alone(kernels=Built(None, "no C compiler (cc, gcc or clang) is installed"))[
        "C kernels"
    ]
    assert lacking.state == "wrong"
    private = alone(kernels=Built(Path("/tmp/x/k.so"), "the cache is not yours"))["C kernels"]
    assert (private.state, "not yours" in private.found) == ("wrong", True)


@pytest.mark.parametrize(
    ("changes", "name", "state"),
    [
        ({"threads": 4}, "threads", "wrong"),
        ({"memory_kept": False}, "memory", "note"),
        ({"bf16_emulated": True}, "bf16", "note"),
        ({"gpu": "NVIDIA H200"}, "GPU", "good"),
    ],
)
def test_what_a_worker_says_of_itself_is_judged(alone, changes, name, state):
    found = [fact for fact in alone(changes).values() if fact.area == "worker"]
    (fact,) = [fact for fact in found if fact.name == name]
    assert fact.state == state
    assert bool(fact.cost) == (state != "good")


def test_a_worker_that_dies_is_one_fact(alone):
    fact = alone(error="it ended at once (exit code -9)")["start"]
    assert (fact.state, fact.fix[:4]) == ("wrong", "Run:")


@pytest.mark.parametrize(("free", "state"), [((1 << 30) - 1, "wrong"), (1 << 30, "good")])
def test_a_disk_is_full_below_a_gibibyte(alone, monkeypatch, free, state):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(examining.shutil, "disk_usage", lambda _: usage)
    assert alone()["disk, this folder"].state == state


def test_a_package_that_is_gone_and_an_extra_that_is_not_there_are_said(alone, monkeypatch):
    def version(name):
        if name == "scipy":
            raise examining.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(examining, "version", version)
    monkeypatch.setattr(examining, "find_spec", lambda name: None)
    found = alone()
    assert (found["scipy"].state, found["scipy"].fix) == ("wrong", "pip install 'scipy'")
    assert found["serve"].fix == "pip install 'paribus[serve]'"
