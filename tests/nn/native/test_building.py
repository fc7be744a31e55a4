"""Kernels are compiled once, and anew where the library is damaged; where that cannot be, why is said."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.nn.native import building, trust
from paribus.nn.native import library as native
from tests.nn.native.cached import build, private

pytestmark = pytest.mark.skipif(native.build().path is None, reason="no C compiler")


@pytest.mark.parametrize("harm", ["empty", "cut", "text", "flipped", "no seal"])
def test_a_damaged_library_is_made_anew(cache, compiled, harm):
    content = bytearray(cache.read_bytes())
    if harm == "no seal":
        trust.seal_of(cache).unlink()
    elif harm == "flipped":
        content[len(content) // 2] ^= 1
    else:
        content = {"empty": b"", "text": b"no library\n", "cut": content[: len(content) // 2]}[harm]
    cache.write_bytes(content)
    assert build() == native.Built(cache)
    assert compiled == [cache]
    assert ctypes.CDLL(str(cache)).lanes() > 0


def test_a_library_that_lacks_a_function_is_made_anew(cache, compiled):
    source = cache.with_suffix(".c")
    source.write_text("int lanes(void) { return 8; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(cache)], check=True)
    cache.chmod(0o700)
    trust.write_seal(cache, cache)
    assert "lacks the function" in native._unusable(cache)
    native.use(native.Built(cache))
    assert native.library() is None  # a worker goes on with PyTorch
    assert build() == native.Built(cache)
    assert compiled == [cache]


def test_where_no_library_can_be_used_pytorch_is_and_why_is_said(cache, monkeypatch):
    cache.unlink()
    text = f"#!/bin/sh\necho 'cc: no space' >&2\n[ \"$1\" = --version ]\n"  # noqa: F541
    compiler = cache.with_name("cc")
    compiler.write_text(text)
    compiler.chmod(0o700)
    monkeypatch.setenv("CC", str(compiler))
    built = build()
    assert built.path is None
    assert built.reason.count("cc: no space") == 2  # in the cache, and in the private folder


def test_a_full_disk_is_said(cache, monkeypatch):
    cache.unlink()

    def full(*_, **__):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(building.tempfile, "TemporaryDirectory", full)
    built = build()
    assert built.path is None
    assert "No space left on device" in built.reason


@pytest.mark.parametrize("home", ["/proc/nothing", "~/.cache/paribus", "/dev/null/x"])
def test_without_a_cache_folder_a_private_one_is_used(cache, compiled, monkeypatch, home):
    monkeypatch.setattr(building.platformdirs, "user_cache_dir", lambda *_, **__: home)
    assert private(build())
    assert not Path("~").exists()


@pytest.mark.slow
def test_processes_that_start_together_compile_once(tmp_path):
    code = (
        "from paribus.nn.native import building, library\n"
        "real = building._compile\n"
        "def counted(*a):\n    print('compiled', flush=True)\n    return real(*a)\n"
        "building._compile = counted\n"
        "built = library.build()\n"
        "print(built.path, library.library().lanes() > 0)\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=200)[0].split() for process in started]
    assert sum("compiled" in words for words in said) == 1
    assert {words[-2] for words in said} == {str(next((tmp_path / "cache").rglob("*.so")))}
    assert all(words[-1] == "True" for words in said)
