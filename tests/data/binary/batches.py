"""Batches as CIFAR's authors pickled them, and harmful ones."""

import io
import pickle
import tarfile

import numpy as np

from paribus.data.binary.cifar import BATCHES


def batch(rows, seed, **more):
    images = np.random.default_rng(seed).integers(0, 256, (rows, 3072), dtype=np.uint8)
    labels = [(seed + k) % 10 for k in range(rows)]
    return images, labels, {"data": images, "labels": labels, **more}


def ten(folder, rows=4):
    folder.mkdir(parents=True)
    found = []
    for seed, name in enumerate(BATCHES):
        *arrays, value = batch(rows, seed)
        found.append(arrays)
        (folder / name).write_bytes(pickle.dumps(value, protocol=2))
    meta = {"label_names": [f"kind {k}" for k in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def archive_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
