"""The kernels can be declined, and say why."""

from paribus.nn.native import library as native


def test_the_kernels_can_be_declined_and_say_why(monkeypatch, tmp_path):
    monkeypatch.setenv(native.CHOICE_VARIABLE, "torch")
    native.build.cache_clear()
    assert native.build() == native.Built(None, "PARIBUS_KERNELS=torch")
    monkeypatch.delenv(native.CHOICE_VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    native.build.cache_clear()
    assert "no C compiler" in native.build().reason
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho 'unknown option' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    native.build.cache_clear()
    assert native.build().path is None
    assert "unknown option" in native.build().reason
    assert not list((tmp_path / "cache").rglob("kernels-*"))
    native.build.cache_clear()
