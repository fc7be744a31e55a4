"""Pooling of all members' images at once."""

from __future__ import annotations

from paribus.nn.layers import pooling as layers
from paribus.nn.stacked.form import stacked_of, the_same

stacked_of.form(
    layers.MaxPooling2D,
    layers.AveragePooling2D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling2D,
)(the_same)
