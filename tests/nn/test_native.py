"""The cache of compiled kernels: trusted only if nobody else can have written it; mended where damaged."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.nn.native import building, trust
from paribus.nn.native import library as native

pytestmark = pytest.mark.skipif(native.build().path is None, reason="no C compiler")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


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


def build():
    return building.build(native._unusable)


def private(built):
    return built.path.parent == building._private_folder()


def test_a_cache_of_ones_own_is_used_as_it_is(cache, compiled):
    assert build() == native.Built(cache)
    assert compiled == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720, 0o702])
def test_a_folder_that_others_can_write_is_not_trusted(cache, compiled, mode):
    cache.parent.chmod(mode)
    built = build()
    assert private(built)
    assert built.reason == f"{cache.parent} can be written by others"
    assert compiled == [built.path]


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o700])
def test_a_folder_that_others_can_only_read_is_trusted(cache, compiled, mode):
    cache.parent.chmod(mode)
    assert build() == native.Built(cache)


@AS_ROOT
def test_a_folder_of_another_user_is_not_trusted(cache, compiled):
    os.chown(cache.parent, 65534, 65534)
    built = build()
    assert private(built)
    assert built.reason == f"{cache.parent} belongs to another user"


@pytest.mark.parametrize("which", ["c", "c/kernels"])
def test_a_link_in_the_place_of_the_folder_is_not_trusted(cache, compiled, tmp_path, which):
    place, real = tmp_path / which, tmp_path / "elsewhere"
    place.rename(real)
    place.symlink_to(real)
    real.chmod(0o777)
    built = build()
    assert private(built)
    assert cache.parent.name in built.reason or "can be written by everybody" in built.reason


@AS_ROOT
def test_a_folder_that_somebody_could_replace_is_not_trusted(cache, compiled):
    os.chown(cache.parents[1], 65534, 65534)
    built = build()
    assert private(built)
    assert built.reason == f"{cache.parents[1]} belongs to another user"


def plant(path):
    """A library that says that it was loaded."""
    source = path.with_suffix(".c")
    source.write_text("#include <stdlib.h>\n__attribute__((constructor)) void f() { _Exit(66); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(path)], check=True)
    source.unlink()


@pytest.mark.parametrize(
    "harm", ["writable", "stranger's", "link", "planted", "planted and sealed"]
)
def test_a_file_that_somebody_else_can_have_written_is_never_loaded(cache, compiled, harm):
    if harm == "stranger's" and os.geteuid() != 0:
        pytest.skip("only root can give files away")
    plant(cache)
    if harm == "writable":
        trust.write_seal(cache, cache)
        cache.chmod(0o722)
    elif harm == "stranger's":
        trust.write_seal(cache, cache)
        os.chown(cache, 65534, 65534)
    elif harm == "link":
        trust.write_seal(cache, cache)
        cache.rename(cache.with_suffix(".real"))
        cache.symlink_to(cache.with_suffix(".real"))
    elif harm == "planted and sealed":
        trust.write_seal(cache, cache)
        trust.seal_of(cache).chmod(0o666)
    assert build() == native.Built(cache)  # made anew in its place, and not what was planted
    assert compiled == [cache]
    assert not cache.is_symlink()
    native.use(native.Built(cache))
    assert native.library().lanes() > 0


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
