"""MNIST: 70,000 grey images of handwritten digits, 28 x 28 pixels."""

from __future__ import annotations

from paribus.data.sources.base.official import IDX_FILES, IdxSource
from paribus.records import Parts

__all__ = ["SOURCE"]

_DIGESTS = (
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
)

SOURCE = IdxSource(
    name="mnist",
    order=20,
    shape=(28, 28, 1),
    class_names=tuple("0123456789"),
    parts=Parts(60_000, test=10_000),
    handwritten=True,
    folder="mnist",
    torchvision="MNIST/raw",
    files=dict(zip(IDX_FILES, _DIGESTS, strict=True)),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
)
