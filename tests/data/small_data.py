"""Small data sets that tests of sources, splits and steps share."""

import gzip
import pickle

import numpy as np
from PIL import Image

from paribus.data.binary.cifar import BATCHES
from paribus.data.sources import cifar10
from paribus.data.spec import DataSpec


def spec(source="digits", **more):
    return DataSpec.parse({"source": str(source), **more})


def idx(array):
    return (
        bytes([0, 0, 8, array.ndim])
        + b"".join(n.to_bytes(4, "big") for n in array.shape)
        + array.tobytes()
    )


def idx_folder(path, pack=gzip.compress, suffix=".gz"):
    path.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 30), ("t10k", 10)):
        arrays[part] = (
            draws.integers(0, 256, (count, 5, 4), np.uint8),
            (np.arange(count) % 3).astype(np.uint8),
        )
        (path / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(arrays[part][0])))
        (path / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(arrays[part][1])))
    return arrays


def image_folder(path, size=(6, 5), count=4):
    for k, name in enumerate(("cat", "ant", "bee")):
        (path / name).mkdir(parents=True)
        for n in range(count):
            Image.new("L", size, 10 * k + n).save(path / name / f"{n}.png")


def cifar_folder(path, rows=6):
    path.mkdir()
    draws = np.random.default_rng(1)
    images, labels = [], []
    for name in BATCHES:
        images.append(draws.integers(0, 256, (rows, 3072), np.uint8))
        labels.append([int(n) for n in draws.integers(0, 10, rows)])
        value = {
            "batch_label": name,
            "labels": labels[-1],
            "data": images[-1],
            "filenames": ["é.png"] * rows,
        }
        (path / name).write_bytes(pickle.dumps(value, protocol=2))
    meta = {"label_names": list(cifar10.SOURCE.class_names), "num_vis": 3072}
    (path / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    return np.concatenate(images), np.concatenate(labels)
