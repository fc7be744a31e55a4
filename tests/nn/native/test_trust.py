"""The cache of compiled kernels is trusted only if nobody else can have written it."""

import os
import subprocess

import pytest

from paribus.nn.native import library as native
from paribus.nn.native import trust
from tests.nn.native.cached import build, private

pytestmark = pytest.mark.skipif(native.build().path is None, reason="no C compiler")


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


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
