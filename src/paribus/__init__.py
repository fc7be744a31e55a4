"""paribus: controlled experiments on image classifiers.

>>> import paribus
>>> study = paribus.load("study.yaml")      # doctest: +SKIP
>>> results = study.run()                   # doctest: +SKIP
>>> results.frame()                         # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paribus.version import __version__

if TYPE_CHECKING:
    from paribus.api import Results, RunOptions, Study, from_mapping, load, open_results

__all__ = ["Results", "RunOptions", "Study", "__version__", "from_mapping", "load", "open_results"]


def __getattr__(name: str) -> Any:
    """Import the interface on first use, so that ``import paribus`` costs nothing."""
    if name in __all__:
        from paribus import api

        return getattr(api, name)
    raise AttributeError(f"module 'paribus' has no attribute {name!r}")
