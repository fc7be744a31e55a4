"""Registry of the layers' torch modules, and the base class of modules with random draws."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import nn

from paribus.nn.registry import Forms
from paribus.records import Shape

__all__ = ["KeyedModule", "module_of"]


module_of: Forms[[Shape], nn.Module] = Forms("paribus.nn.modules", "torch module")
"""``module_of(layer, shape)`` returns the module for inputs of ``shape``, without its weights."""


class KeyedModule(nn.Module, ABC):
    """A module with random draws, which get a new key for every epoch."""

    @abstractmethod
    def begin_epoch(self, key: int) -> None:
        """Set the key of the next epoch's random draws."""
