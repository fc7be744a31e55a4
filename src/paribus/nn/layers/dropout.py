"""Dropout: of single numbers, and of whole channels."""

from __future__ import annotations

from typing import ClassVar

from paribus.nn.layer import Fraction, Layer
from paribus.nn.shapes import image_shape
from paribus.records import Shape

__all__ = ["Dropout", "SpatialDropout2D"]


class _Dropout(Layer):
    family: ClassVar[str] = "dropout"
    passes_on: ClassVar[bool] = True
    rate: Fraction


class Dropout(_Dropout):
    """Set a share of the numbers to zero in training, and scale the rest up.

    Source: Srivastava et al. 2014; the masks are keyed by (seed, layer name, epoch).
    """

    order: ClassVar[int] = 110


class SpatialDropout2D(_Dropout):
    """Set whole channels to zero in training.

    Source: Tompson et al. 2015; Keras 3 ``SpatialDropout2D``.
    """

    order: ClassVar[int] = 120

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the input: dropout keeps it."""
        return image_shape(self.label, shape)
