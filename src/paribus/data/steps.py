"""Preprocessing steps: each is fitted on training images and applied to all splits alike.

To add one, write its class here and list it in `STEPS`. A step gets float32 images
``(example, height, width, channel)``; ``maximum`` is the largest possible pixel value before the step
(255, 16 for digits, 1 after scaling, None after standardising).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from paribus.records import Shape

__all__ = ["STEPS", "Grayscale", "Images", "Pad", "Resize", "Step"]

Images = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[np.float32]]
Count = Annotated[int, Field(gt=0, le=4096)]


class Step(BaseModel):
    """Base class of preprocessing steps."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @property
    def valuewise(self) -> bool:
        """Whether each output value depends only on the input value there and on its channel."""
        return False

    def fit_counts(self, values: Images, counts: npt.NDArray[np.int64]) -> Arrays:  # noqa: ARG002
        """Return what `fit` returns, from a histogram of pixel values; for value-wise steps.

        Args:
            values: ``(256, 1, 1, channel)``, each raw value after the steps before this one.
            counts: ``(256, channel)``, how often each raw value occurs in the training images.
        """
        return {}

    def fit(self, images: Images) -> Arrays:  # noqa: ARG002
        """Return name -> array of statistics of the training images; empty by default."""
        return {}

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:
        """Return the preprocessed images.

        Args:
            images: ``(example, height, width, channel)``.
            learned: the result of `fit`.
            maximum: largest possible pixel value; None if there is none.
        """
        raise NotImplementedError

    def maximum_after(self, maximum: float | None) -> float | None:
        """Return the largest possible pixel value after the step."""
        return maximum

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one image after the step."""
        return shape

    def misfit(self, shape: Shape) -> str | None:  # noqa: ARG002
        """Return the rule that the image shape breaks, or None.

        Args:
            shape: ``(height, width, channel)`` before the step.
        """
        return None

    def misplaced(self, before: Sequence[Step]) -> str | None:  # noqa: ARG002
        """Return the rule that the order of steps breaks, or None.

        Args:
            before: the steps before this one, in order.
        """
        return None

    def notes(self, learned: Arrays) -> tuple[str, ...]:  # noqa: ARG002
        """Return remarks about the fitted statistics, for the user."""
        return ()


class Scale(Step):
    """Divide by the largest value that a pixel of the source can have: 0..255 becomes 0..1."""

    @property
    def valuewise(self) -> bool:
        """True: a value is only divided by a constant."""
        return True

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Divide the images by the maximum."""
        return images / np.float32(maximum or 1.0)

    def misplaced(self, before: Sequence[Step]) -> str | None:
        """Return a rule if the values are already scaled or standardised."""
        if any(isinstance(step, Standardize) for step in before):
            return "must come before standardize, after which pixels have no largest value"
        if any(isinstance(step, Scale) for step in before):
            return "must be there once: pixels are scaled already"
        return None

    def maximum_after(self, maximum: float | None) -> float | None:
        """Return 1, or None if there was no maximum."""
        return None if maximum is None else 1.0


class Standardize(Step):
    """Subtract the mean and divide by the standard deviation of the training images.

    ``over: channel`` (one pair per channel), ``pixel`` (one per pixel and channel) or ``all``
    (one pair). A pixel that is constant in training has deviation zero and is divided by 1.
    """

    over: Literal["channel", "pixel", "all"] = "channel"

    @property
    def valuewise(self) -> bool:
        """True unless every pixel has statistics of its own."""
        return self.over != "pixel"

    def fit(self, images: Images) -> Arrays:
        """Return mean and divisor, computed in float64."""
        axes = {"channel": (0, 1, 2), "pixel": (0,), "all": (0, 1, 2, 3)}[self.over]
        return self._learned(
            images.mean(axes, dtype=np.float64), images.std(axes, dtype=np.float64)
        )

    def fit_counts(self, values: Images, counts: npt.NDArray[np.int64]) -> Arrays:
        """Return mean and divisor, computed in float64 from the histogram."""
        weights = counts.astype(np.float64)
        flat = values.reshape(weights.shape).astype(np.float64)
        axis = 0 if self.over == "channel" else None
        total = weights.sum(axis)
        mean = (weights * flat).sum(axis) / total
        return self._learned(mean, np.sqrt((weights * (flat - mean) ** 2).sum(axis) / total))

    def _learned(self, mean: npt.NDArray[np.float64], deviation: npt.NDArray[np.float64]) -> Arrays:
        constant = deviation <= 1e-7 * np.maximum(np.abs(mean), 1.0)
        divisor = np.where(constant, 1.0, deviation)
        return {
            "mean": np.asarray(mean, dtype=np.float32),
            "divisor": np.asarray(divisor, dtype=np.float32),
            "constant": np.asarray(constant, dtype=np.float32),
        }

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Subtract the training mean and divide by the training deviation."""
        result: Images = (images - learned["mean"]) / learned["divisor"]
        return result

    def maximum_after(self, maximum: float | None) -> float | None:  # noqa: ARG002
        """Return None: standardised values have no fixed maximum."""
        return None

    def notes(self, learned: Arrays) -> tuple[str, ...]:
        """Report how many pixels are constant in the training images."""
        count = int(learned["constant"].sum())
        if not count:
            return ()
        what = {"pixel": "pixels", "channel": "channels", "all": "values"}[self.over]
        return (f"{count} {what} are constant in the training images and were divided by 1",)


class Resize(Step):
    """Bilinear resampling with antialiasing (Pillow's)."""

    height: Count
    width: Count

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Resize every channel of every image."""
        if images.shape[1:3] == (self.height, self.width):
            return images
        out = np.empty((len(images), self.height, self.width, images.shape[3]), np.float32)
        for index, image in enumerate(images):
            for channel in range(images.shape[3]):
                plane = Image.fromarray(np.ascontiguousarray(image[:, :, channel]))
                size = (self.width, self.height)
                out[index, :, :, channel] = np.asarray(
                    plane.resize(size, Image.Resampling.BILINEAR)
                )
        return out

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height, width, channel)`` with the new size."""
        return self.height, self.width, shape[2]


class Grayscale(Step):
    """One channel: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)."""

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Return the weighted sum of red, green and blue; grey images do not change."""
        if images.shape[3] == 1:
            return images
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        result: Images = images[..., :3] @ weights[:, None]
        return result

    def misfit(self, shape: Shape) -> str | None:
        """Return a rule unless there are one or three channels."""
        return None if shape[2] in (1, 3) else "needs images of one channel or of three, RGB"

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape with one channel, ``(height, width, 1)``."""
        return shape[0], shape[1], 1


class Invert(Step):
    """Invert brightness: maximum - x."""

    @property
    def valuewise(self) -> bool:
        """True: a value is only subtracted from a constant."""
        return True

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Subtract the images from the maximum."""
        return np.float32(maximum or 0.0) - images

    def misplaced(self, before: Sequence[Step]) -> str | None:
        """Return a rule after standardising, when there is no maximum, or after another inversion."""
        if any(isinstance(step, Standardize) for step in before):
            return "must come before standardize, after which pixels have no largest value"
        if any(isinstance(step, Invert) for step in before):
            return "must be there once: a second one undoes the first"
        return None


class Pad(Step):
    """Add zeros on every side: black, or after `standardize` the training mean."""

    pixels: Count

    def apply(self, images: Images, learned: Arrays, maximum: float | None) -> Images:  # noqa: ARG002
        """Pad height and width of every image with zeros."""
        side = (self.pixels, self.pixels)
        return np.pad(images, ((0, 0), side, side, (0, 0)))

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape with ``pixels`` added on every side."""
        return shape[0] + 2 * self.pixels, shape[1] + 2 * self.pixels, shape[2]


STEPS: dict[str, type[Step]] = {
    "scale": Scale,
    "standardize": Standardize,
    "resize": Resize,
    "grayscale": Grayscale,
    "invert": Invert,
    "pad": Pad,
}
