"""Every layer a study file can name, by its name; and what computes a layer, by its class.

A file in ``layers/`` is found by itself, and so are the forms of its layers: each is registered by the
layer's class in a file of the same name. Free of torch.
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
    """Name -> class of every layer in the folder ``layers``, in the order to show."""

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
    """Read the files of a folder once."""
    files = [item.name for item in pkgutil.iter_modules(path)]
    modules = [importlib.import_module(f"{layers.__name__}.{name}") for name in files]
    found = [
        item for module in modules for item in vars(module).values() if _is_layer(item, module)
    ]
    return {layer.__name__: layer for layer in sorted(found, key=lambda layer: layer.order)}


def _is_layer(item: object, module: ModuleType) -> bool:
    """Whether a file defines a layer for study files; what it imports, and bases, are none."""
    if not isinstance(item, type) or not issubclass(item, Layer):
        return False
    return item.__module__ == module.__name__ and not item.__name__.startswith("_")


LAYERS: Mapping[str, type[Layer]] = _Layers()


class Forms(Generic[P, R]):
    """Functions that turn layers into what computes them, one per class of layers.

    A function stands in the file of a package that is called as the layer's family is; the file is
    imported when a layer of that family is first asked for, if `load` has not done it before.

    Args:
        package: with one file per family.
        what: a layer becomes, for messages.

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
        """Return the function of a class of layers.

        Raises:
            NotImplementedError: there is none.
        """
        if kind not in self._found:
            self._load(kind.family)
        if kind not in self._found:
            raise NotImplementedError(f"{kind.__name__} has no {self.what}")
        return self._found[kind]

    def __call__(self, layer: Layer, *args: P.args, **kwargs: P.kwargs) -> R:
        """Turn a layer into its form.

        Raises:
            NotImplementedError: its class has none.
        """
        return self.of(type(layer))(layer, *args, **kwargs)

    def load(self) -> None:
        """Import the files of all families now, so that workers forked later need not do it each."""
        for layer in LAYERS.values():
            self._load(layer.family)

    def _load(self, family: str) -> None:
        name = f"{self.package}.{family}"
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
