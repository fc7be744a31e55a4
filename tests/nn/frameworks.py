"""Networks of ours beside those of Keras and PyTorch."""

import keras

from paribus.nn.spec import ModelSpec


def model(*layers, defaults="keras"):
    return ModelSpec.parse({"defaults": defaults, "layers": list(layers)}).resolved()


def conv(filters, size=3, **more):
    return {"Conv2D": {"filters": filters, "kernel_size": size, "activation": "relu", **more}}


def dense(units, activation="relu"):
    return {"Dense": {"units": units, "activation": activation}}


POOL, BN, OUT = "MaxPooling2D", "BatchNormalization", dense(10, "softmax")


def drop(rate):
    return {"Dropout": {"rate": rate}}


LENET = [
    conv(6, 5, padding="same"),
    POOL,
    conv(16, 5),
    POOL,
    conv(120, 5),
    "Flatten",
    dense(84),
    OUT,
]


PUBLISHED = [
    conv(6, 5, padding="same"),
    POOL,
    conv(16, 5, padding="same"),
    POOL,
    conv(120, 5),
    "Flatten",
    dense(84),
    OUT,
]


PUBLISHED_BN = [PUBLISHED[0], BN, POOL, PUBLISHED[2], BN, *PUBLISHED[3:]]


LABS = [
    ("A one", (28, 28, 1), [conv(16), POOL, "Flatten", dense(80), OUT], 217_370, 217_370),
    ("A one bn", (28, 28, 1), [conv(16), POOL, BN, "Flatten", dense(80), BN, OUT], 217_754, 217_562),
    ("A two", (28, 28, 1), [conv(16), POOL, conv(16), POOL, "Flatten", dense(80), OUT], 35_370, 35_370),
    ("A two bn", (28, 28, 1), [conv(16), POOL, BN, conv(16), POOL, BN, "Flatten", dense(80), BN, OUT], 35_818, 35_594),
    ("C dense", (28, 28, 1), ["Flatten", dense(128), dense(64), OUT], 109_386, 109_386),
    ("C lenet", (28, 28, 1), LENET, 61_706, 61_706),
    ("C published", (28, 28, 1), PUBLISHED, 142_346, 142_346),
    ("C published bn", (28, 28, 1), PUBLISHED_BN, 142_434, 142_390),
]  # fmt: skip


def keras_layer(layer):
    """The Keras layer with the same arguments."""
    given = layer.model_dump(exclude={"name", "unbiased"}, exclude_none=True)
    if layer.kind == "ZeroPadding2D":
        given["padding"] = tuple(map(tuple, given["padding"]))
    for field in ("kernel", "bias", "depthwise", "pointwise"):
        given.pop(f"{field}_initializer", None)
    if layer.kind == "SeparableConv2D":
        given.pop("kernel_initializer", None)
    return getattr(keras.layers, layer.kind)(**given)
