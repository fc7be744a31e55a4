"""Studies of few images in files, as people write them."""

import numpy as np
from ruamel.yaml import YAML


def study(folder, data, preprocess=("scale",), **more):
    text = {
        "study": "said",
        "data": {"preprocess": list(preprocess), **data},
        "model": {
            "layers": [
                "Flatten",
                {"Dense": {"name": "output", "units": 3, "activation": "softmax"}},
            ]
        },
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 1, "batch_size": 8},
        "seeds": 1,
        **more,
    }
    path = folder / "study.yaml"
    with path.open("w") as file:
        YAML().dump(text, file)
    return path


def save(path, high=256, **more):
    images = np.random.default_rng(0).integers(0, high, (30, 6, 6), dtype=np.uint8)
    images[0, 0, 0] = high - 1
    np.savez(path, x_train=images, y_train=np.arange(30) % 3, **more)
    return path
