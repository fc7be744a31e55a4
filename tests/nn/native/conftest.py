"""A cache of compiled kernels that a test may damage."""

import os
import shutil

import pytest

from paribus.nn.native import building, trust
from paribus.nn.native import library as native


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of its own, with the kernels that this machine has compiled already."""
    whole = native.build().path
    building._private_folder.cache_clear()
    monkeypatch.setattr(
        building.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "c")
    )
    for path in (tmp_path / "c", tmp_path / "c" / "kernels"):
        path.mkdir(mode=0o700)
    target = tmp_path / "c" / "kernels" / whole.name
    shutil.copy(whole, target)
    shutil.copy(trust.seal_of(whole), trust.seal_of(target))
    yield target
    building._private_folder.cache_clear()
    native.use(native.Built(whole))


@pytest.fixture
def compiled(monkeypatch, cache):
    """Targets that the compiler was asked for; it is quick: it copies what was compiled before."""
    calls, content = [], cache.read_bytes()

    def compile_quickly(compiler, target, extra=()):
        calls.append(target)
        partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.chmod(0o700)
        trust.write_seal(partial, target)
        partial.replace(target)

    monkeypatch.setattr(building, "_compile", compile_quickly)
    return calls
