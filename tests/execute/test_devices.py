"""A GPU that torch cannot use is refused before a run writes anything."""

import ctypes
import sys

import pytest

from paribus.errors import StudyError
from paribus.execute import devices


class Driver:
    def __init__(self, count, started=0):
        self.count, self.started = count, started

    def cuInit(self, flags):
        return self.started

    def cuDeviceGetCount(self, place):
        place._obj.value = self.count
        return 0


def driver(monkeypatch, found):
    def load(name):
        if found is None:
            raise OSError(name)
        return found

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(devices, "version", lambda _: "2.13.0+cu130")


def test_a_processor_is_always_there(monkeypatch):
    driver(monkeypatch, None)
    devices.require_device("cpu")


@pytest.mark.parametrize("found", [None, Driver(0), Driver(2, started=100)])
@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_no_driver_or_no_gpu_is_one_clear_error(found, platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    driver(monkeypatch, found)
    with pytest.raises(StudyError, match=r"torch sees none, got torch 2\.13\.0\+cu130"):
        devices.require_device("cuda")


def test_a_gpu_is_enough_unless_torch_is_for_processors(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    driver(monkeypatch, Driver(1))
    devices.require_device("cuda")
    monkeypatch.setattr(devices, "version", lambda _: "2.13.0+cpu")
    with pytest.raises(StudyError, match="Use --device cpu"):
        devices.require_device("cuda")


def test_where_the_driver_has_no_known_name_torch_is_asked_later(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    driver(monkeypatch, None)
    devices.require_device("cuda")
