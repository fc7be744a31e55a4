"""A run, and a way to add a file to a package for the time of a test."""

import copy
import importlib
import sys

import pytest

import paribus
from paribus.api.run.running import RunOptions
from tests.conftest import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run."""
    out = tmp_path_factory.mktemp("run") / "out"
    paribus.from_mapping(copy.deepcopy(TINY)).run(out, options=RunOptions(jobs=1))
    return out


@pytest.fixture
def plug(tmp_path, monkeypatch):
    """A function that adds a module to a package for the time of a test."""

    def add(package, name, text):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}", raising=False)
        importlib.invalidate_caches()

    yield add
    for name in [name for name in sys.modules if name.endswith("_of_a_plug_in")]:
        del sys.modules[name]
