"""Layers without arithmetic (Input, Flatten, ZeroPadding2D), for all members at once."""

from __future__ import annotations

from paribus.nn.layers import reshaping as layers
from paribus.nn.stacked.form import stacked_of, the_same

stacked_of.form(layers.Input, layers.Flatten, layers.ZeroPadding2D)(the_same)
