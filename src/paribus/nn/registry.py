"""Every layer a study file can name. To add one: write its class in ``layers/`` and list it here."""

from __future__ import annotations

from paribus.nn.layer import Layer
from paribus.nn.layers.activation import (
    Activation,
    Dropout,
    Input,
    LeakyReLU,
    ReLU,
    Rescaling,
    SpatialDropout2D,
)
from paribus.nn.layers.containers import Repeat, Residual
from paribus.nn.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from paribus.nn.layers.dense import Dense, Flatten
from paribus.nn.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from paribus.nn.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

__all__ = ["LAYERS"]

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Input,
        Conv2D,
        DepthwiseConv2D,
        SeparableConv2D,
        Dense,
        MaxPooling2D,
        AveragePooling2D,
        GlobalAveragePooling2D,
        GlobalMaxPooling2D,
        Flatten,
        Dropout,
        SpatialDropout2D,
        BatchNormalization,
        LayerNormalization,
        GroupNormalization,
        Activation,
        ReLU,
        LeakyReLU,
        Rescaling,
        ZeroPadding2D,
        Residual,
        Repeat,
    )
}
