"""Convolutions: a dense layer that sees one small window at a time, with the same weights everywhere."""

from __future__ import annotations

import numpy as np

from paribus.nn.layers import convolution as layers
from paribus.nn.shapes import Pads
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of
from paribus.reference.windows import cut, fold, pad, unpad

__all__ = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"]

Pair = tuple[int, int]


class Conv2D(ReferenceLayer):
    """``y[n, r, c, o] = sum_{i, j, k} K[o, k, i, j] x[n, r s + i, c s + j, k] + b[o]``.

    Call the window at (r, c) ``w[n, r, c]``. Then y is a dense layer on windows, and its gradients
    are those of a dense layer, summed over positions as well as over examples:

    - ``dK[o, k, i, j] = sum_{n, r, c} dy[n, r, c, o] w[n, r, c, i, j, k]``;
    - ``db[o] = sum_{n, r, c} dy[n, r, c, o]``;
    - ``dw[n, r, c, i, j, k] = sum_o dy[n, r, c, o] K[o, k, i, j]``, and the gradient of a pixel is the sum over
      all windows that contain it (`fold`).
    """

    def __init__(self, name: str, weights: dict[str, Array], pads: Pads, strides: Pair) -> None:
        super().__init__(name, weights)
        self.pads, self.strides = pads, strides

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, row, column, filter)``."""
        kernel = self.weights["kernel"]
        padded = pad(x, self.pads)
        self._shape = padded.shape
        self._windows = cut(padded, kernel.shape[2:], self.strides)
        y = np.einsum("nrcijk,okij->nrco", self._windows, kernel, optimize=True)
        return y + self.weights["bias"] if "bias" in self.weights else y

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of kernel and bias, in their shapes."""
        kernel = self.weights["kernel"]
        self.gradients["kernel"] = np.einsum("nrco,nrcijk->okij", dy, self._windows, optimize=True)
        if "bias" in self.weights:
            self.gradients["bias"] = dy.sum((0, 1, 2))
        windows = np.einsum("nrco,okij->nrcijk", dy, kernel, optimize=True)
        return unpad(fold(windows, self._shape, self.strides), self.pads)


class DepthwiseConv2D(ReferenceLayer):
    """One convolution per channel: output ``k m + l`` sees channel k only, with its l-th kernel.

    The formulas are Conv2D's without the sum over channels.
    """

    def __init__(
        self,
        name: str,
        weights: dict[str, Array],
        pads: Pads,
        strides: Pair,
        *,
        kernel_name: str = "kernel",
    ) -> None:
        super().__init__(name, weights)
        self.pads, self.strides, self.kernel_name = pads, strides, kernel_name

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, row, column, channel * multiplier)``."""
        padded = pad(x, self.pads)
        self._shape, channels = padded.shape, x.shape[3]
        self._windows = cut(padded, self.weights[self.kernel_name].shape[2:], self.strides)
        y = np.einsum("nrcijk,klij->nrckl", self._windows, self._kernel(channels), optimize=True)
        y = y.reshape(*y.shape[:3], -1)
        return y + self.weights["bias"] if "bias" in self.weights else y

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of kernel and bias, in their shapes."""
        channels = self._windows.shape[5]
        split = dy.reshape(*dy.shape[:3], channels, -1)
        kernel = self.weights[self.kernel_name]
        gradient = np.einsum("nrckl,nrcijk->klij", split, self._windows, optimize=True)
        self.gradients[self.kernel_name] = gradient.reshape(kernel.shape)
        if "bias" in self.weights:
            self.gradients["bias"] = dy.sum((0, 1, 2))
        windows = np.einsum("nrckl,klij->nrcijk", split, self._kernel(channels), optimize=True)
        return unpad(fold(windows, self._shape, self.strides), self.pads)

    def _kernel(self, channels: int) -> Array:
        kernel = self.weights[self.kernel_name]
        return kernel.reshape(channels, -1, *kernel.shape[2:])


class SeparableConv2D(ReferenceLayer):
    """A depthwise convolution, then a 1x1 convolution with the bias: the chain rule in two steps."""

    def __init__(self, name: str, weights: dict[str, Array], pads: Pads, strides: Pair) -> None:
        super().__init__(name, weights)
        depth = {"depthwise_kernel": weights["depthwise_kernel"]}
        point = {"kernel": weights["pointwise_kernel"]}
        if "bias" in weights:
            point["bias"] = weights["bias"]
        self._depthwise = DepthwiseConv2D(
            name, depth, pads, strides, kernel_name="depthwise_kernel"
        )
        self._pointwise = Conv2D(name, point, (0, 0, 0, 0), (1, 1))

    def forward(self, x: Array, *, training: bool) -> Array:
        """Convolve each channel by itself, then mix the channels by a 1x1 convolution."""
        self._share()
        return self._pointwise.forward(
            self._depthwise.forward(x, training=training), training=training
        )

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of both kernels and of the bias."""
        dx = self._depthwise.backward(self._pointwise.backward(dy))
        found = self._pointwise.gradients
        self.gradients = {
            "depthwise_kernel": self._depthwise.gradients["depthwise_kernel"],
            "pointwise_kernel": found["kernel"],
            **({"bias": found["bias"]} if "bias" in found else {}),
        }
        return dx

    def _share(self) -> None:
        """Copy the present weights to the depthwise and the pointwise convolution."""
        self._depthwise.weights["depthwise_kernel"] = self.weights["depthwise_kernel"]
        self._pointwise.weights["kernel"] = self.weights["pointwise_kernel"]
        if "bias" in self.weights:
            self._pointwise.weights["bias"] = self.weights["bias"]


@reference_of.form(layers.Conv2D)
def _conv2d(layer: layers.Conv2D, given: Given) -> ReferenceLayer:
    return Conv2D(given.name, given.weights, layer.pads(given.shape), layer.strides)


@reference_of.form(layers.DepthwiseConv2D)
def _depthwise_conv2d(layer: layers.DepthwiseConv2D, given: Given) -> ReferenceLayer:
    return DepthwiseConv2D(given.name, given.weights, layer.pads(given.shape), layer.strides)


@reference_of.form(layers.SeparableConv2D)
def _separable_conv2d(layer: layers.SeparableConv2D, given: Given) -> ReferenceLayer:
    return SeparableConv2D(given.name, given.weights, layer.pads(given.shape), layer.strides)
