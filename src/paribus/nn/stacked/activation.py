"""Activations of all members at once."""

from __future__ import annotations

from paribus.nn.layers import activation as layers
from paribus.nn.stacked.form import stacked_of, the_same

stacked_of.form(layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Rescaling)(the_same)
