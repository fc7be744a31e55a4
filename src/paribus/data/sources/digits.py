"""The digits of Alpaydin and Kaynak (8 x 8 pixels), which are included in the package."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib import resources

import numpy as np

from paribus.data.dataset import Dataset, make_dataset
from paribus.data.sources.base.source import NamedSource
from paribus.records import Parts

__all__ = ["SOURCE"]


@dataclass(frozen=True, kw_only=True)
class Digits(NamedSource):
    """Images in ``digits.csv.gz``, which has 64 pixels and a label per line."""

    def load(self) -> Dataset:
        """Read images and labels from ``digits.csv.gz``."""
        packed = resources.files("paribus.data").joinpath("digits.csv.gz").read_bytes()
        lines = gzip.decompress(packed).decode("ascii").splitlines()
        table = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
        return make_dataset(
            table[:, :-1].reshape(-1, 8, 8),
            table[:, -1].astype(np.int64),
            self.class_names,
            where="digits",
            maximum=16,
            usual_maximum=16,
        )


SOURCE = Digits(
    name="digits",
    order=10,
    shape=(8, 8, 1),
    class_names=tuple("0123456789"),
    parts=Parts(1797),
    handwritten=True,
)
