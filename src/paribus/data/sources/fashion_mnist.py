"""Fashion-MNIST: 70,000 grey images of clothes, 28 x 28 pixels, in 10 classes."""

from __future__ import annotations

from paribus.data.sources.base.official import IDX_FILES, IdxSource
from paribus.records import Parts

__all__ = ["SOURCE"]

_DIGESTS = (
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)

SOURCE = IdxSource(
    name="fashion-mnist",
    order=30,
    shape=(28, 28, 1),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    parts=Parts(60_000, test=10_000),
    folder="fashion-mnist",
    torchvision="FashionMNIST/raw",
    files=dict(zip(IDX_FILES, _DIGESTS, strict=True)),
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
)
