"""What a layer's torch module is, and where it is registered."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import nn

from paribus.nn.registry import Forms
from paribus.records import Shape

__all__ = ["KeyedModule", "module_of"]


module_of: Forms[[Shape], nn.Module] = Forms("paribus.nn.modules", "torch module")
"""``module_of(layer, shape)`` returns the module for inputs of ``shape``, without its weights."""


class KeyedModule(nn.Module, ABC):
    """A module that draws random numbers; every epoch keys them anew."""

    @abstractmethod
    def begin_epoch(self, key: int) -> None:
        """Key the draws of the coming epoch."""
