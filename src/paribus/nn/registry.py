"""Registries: of all layers that a study file can name, and of the functions that compute them.

Modules in ``layers/`` are found without registration. The forms of a layer are registered by the layer's
class, in a module named like that of the layer. Free of torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from paribus.nn import layers
from paribus.nn.layer import Layer

__all__ = ["LAYERS", "Forms"]

P = ParamSpec("P")
R = TypeVar("R")
L = TypeVar("L", bound=Layer)


class _Layers(Mapping[str, type[Layer]]):
    """Name -> class of all layers in the folder ``layers``, sorted by `Layer.order`."""

    def __getitem__(self, name: str) -> type[Layer]:
        return self._found()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def _found(self) -> dict[str, type[Layer]]:
        return _layers_in(tuple(layers.__path__))


@cache
def _layers_in(path: tuple[str, ...]) -> dict[str, type[Layer]]:
    """Return name -> class of all layers in a folder; cached."""
    files = [item.name for item in pkgutil.iter_modules(path)]
    modules = [importlib.import_module(f"{layers.__name__}.{name}") for name in files]
    found = [
        item for module in modules for item in vars(module).values() if _is_layer(item, module)
    ]
    return {layer.__name__: layer for layer in sorted(found, key=lambda layer: layer.order)}


def _is_layer(item: object, module: ModuleType) -> bool:
    """Return whether an object is a layer class that its module defines, not imports, and no base class."""
    if not isinstance(item, type) or not issubclass(item, Layer):
        return False
    return item.__module__ == module.__name__ and not item.__name__.startswith("_")


LAYERS: Mapping[str, type[Layer]] = _Layers()


class Forms(Generic[P, R]):
    """Registry of functions that build a form of a layer, for example a torch module, one per layer class.

    The functions of a family of layers are in the module of the package that is named like the family. It
    is imported by `load`, or else when a layer of that family is first used.

    Args:
        package: name of the package with one module per family.
        what: name of the form in error messages.

    Example:
        >>> from paribus.nn.layers.dense import Dense
        >>> words: Forms[[int], str] = Forms("paribus.nn.layers", "description")
        >>> @words.form(Dense)
        ... def _dense(layer: Dense, inputs: int) -> str:
        ...     return f"{layer.units} units of {inputs} inputs"
        >>> words(Dense(units=3), 20)
        '3 units of 20 inputs'
    """

    def __init__(self, package: str, what: str) -> None:
        self.package, self.what = package, what
        self._found: dict[type[Layer], Callable[..., R]] = {}

    def form(
        self, *kinds: type[L]
    ) -> Callable[[Callable[Concatenate[L, P], R]], Callable[Concatenate[L, P], R]]:
        """Register the decorated function for classes of layers."""

        def register(
            function: Callable[Concatenate[L, P], R],
        ) -> Callable[Concatenate[L, P], R]:
            self._found.update(dict.fromkeys(kinds, function))
            return function

        return register

    def of(self, kind: type[Layer]) -> Callable[Concatenate[Any, P], R]:
        """Return the function that is registered for a layer class.

        Raises:
            NotImplementedError: no function is registered for the class.
        """
        if kind not in self._found:
            self._load(kind.family)
        if kind not in self._found:
            raise NotImplementedError(f"{kind.__name__} has no {self.what}")
        return self._found[kind]

    def __call__(self, layer: Layer, *args: P.args, **kwargs: P.kwargs) -> R:
        """Build the form of a layer.

        Raises:
            NotImplementedError: no function is registered for its class.
        """
        return self.of(type(layer))(layer, *args, **kwargs)

    def load(self) -> None:
        """Import the modules of all families now, so that workers that are forked later share them."""
        for layer in LAYERS.values():
            self._load(layer.family)

    def _load(self, family: str) -> None:
        name = f"{self.package}.{family}"
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
