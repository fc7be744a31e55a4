"""Access to the images of a report from Python and notebooks, such as ``results.images.mistakes()``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from paribus.api.report.kept import KeptByRun
from paribus.errors import did_you_mean
from paribus.pictures import Sheet, all_pictures

if TYPE_CHECKING:
    from paribus.api.results.record import Results
    from paribus.pictures.base.sheets import ImageSheet
    from paribus.pictures.first import FirstImages, Part
    from paribus.pictures.insight import InsightSheet
    from paribus.pictures.kernels import KernelSheet

__all__ = ["Images"]


@dataclass(frozen=True)
class Images:
    """The images of a run, those that its report shows: one method for each file of `paribus.pictures`.

    A method takes the arguments of its file's ``show`` and returns a sheet, which notebooks show and
    ``.save()`` writes.
    """

    results: Results

    if TYPE_CHECKING:  # for editors and type checkers; what is not named here returns a `Sheet`

        def samples(self) -> ImageSheet:
            """See `paribus.pictures.samples.show`."""

        def mistakes(self) -> ImageSheet:
            """See `paribus.pictures.mistakes.show`."""

        def disagreements(self) -> ImageSheet:
            """See `paribus.pictures.disagreements.show`."""

        def predictions(self, split: str = "validation") -> ImageSheet:
            """See `paribus.pictures.predictions.show`."""

        def kernels(self, variant: str | None = None) -> KernelSheet:
            """See `paribus.pictures.kernels.show`."""

        def insight(self) -> InsightSheet | None:
            """See `paribus.pictures.insight.show`."""

        def first(self, part: Part, *, guesses: bool = True) -> FirstImages | None:
            """See `paribus.pictures.first.show`."""

    def __dir__(self) -> list[str]:
        """Return what notebooks offer while somebody types."""
        return sorted({*object.__dir__(self), *(file.name for file in all_pictures())})

    def __getattr__(self, name: str) -> Callable[..., Sheet | None]:
        """Return the method that shows a picture.

        Raises:
            AttributeError: there is no such picture.
        """
        files = {file.name: file for file in all_pictures()}
        if name not in files:
            raise AttributeError(f"no picture is called {name!r}. {did_you_mean(name, files)}")
        show = files[name].show
        method: Any = partial(show, KeptByRun(self.results))
        signature = inspect.signature(show)
        _, *others = signature.parameters.values()
        method.__signature__ = signature.replace(parameters=others)
        method.__doc__ = show.__doc__ or files[name].entry.says
        found: Callable[..., Sheet | None] = method
        return found
