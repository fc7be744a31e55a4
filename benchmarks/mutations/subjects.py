"""What is mutated: a finished run, data sets in every format, images of one's own; and who reads each."""

from __future__ import annotations

import gzip
import pickle  # written, never read
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors.numpy import save_file

import paribus
from paribus.api.own_images.asked import read_own
from paribus.api.own_images.explaining import explain
from paribus.api.own_images.predicting import predict
from paribus.api.report.kept import gallery_of
from paribus.api.results.damage import Damage
from paribus.api.run.trained import unreadable_trials
from paribus.data.binary.cifar import read_cifar
from paribus.data.exported import export_dataset, open_dataset
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.execute.insight_file import read_insight
from paribus.execute.sealed import find_sealed, read_sealed
from paribus.old_name import OLD_NAME

__all__ = ["Reader", "Subject", "subjects"]

Reader = Callable[[], Any]


@dataclass(frozen=True)
class Subject:
    """A file, and what reads it."""

    kind: str
    path: Path
    readers: dict[str, Reader]
    """Name -> reads; returns what is compared with its answer of before."""
    sealed: bool = False
    """Whether another answer than before would be another number."""


def subjects(folder: Path) -> list[Subject]:
    """Make all files below a folder, and return who reads them.

    Args:
        folder: empty.
    """
    run = _run(folder / "run")
    return [
        *_of_run(run, folder),
        *_of_run(_as_before(run, folder / "old"), folder, old=True),
        *_of_data(folder / "data"),
        *_of_cache(folder / "cache"),
    ]


def _run(out: Path) -> Path:
    layers = [
        {"Conv2D": {"name": "conv", "filters": 2, "kernel_size": 3, "activation": "relu"}},
        "Flatten",
        {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
    ]
    split = {"train": 0.2, "validation": 0.1, "test": 0.7, "seed": 1}
    study = {
        "study": "mutated",
        "data": {"source": "digits", "split": split, "preprocess": ["standardize"]},
        "model": {"layers": layers},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 2, "batch_size": 32},
        "seeds": 2,
        "factors": {"speed": {"slow": None, "fast": {"set": {"train.optimizer.SGD.learning_rate": 0.2}}}},
        "claims": [{"id": "a", "says": "fast > slow on val_accuracy", "scope": "data-source"}],
    }  # fmt: skip
    paribus.from_mapping(study).run(out)
    return out


def _as_before(run: Path, copy: Path) -> Path:
    """Return a copy of a run as versions without checksums have left theirs."""
    shutil.copytree(run, copy)
    for path in (copy / "artifacts").rglob("*.safetensors"):
        arrays, text = read_sealed(run / path.relative_to(copy))
        save_file(arrays, path, metadata={OLD_NAME: text})
    with sqlite3.connect(copy / "paribus.db") as database:
        for table in ("trial", "epoch", "look"):
            database.execute(f"ALTER TABLE {table} DROP COLUMN seal")
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    database.close()
    return copy


def _of_run(run: Path, folder: Path, *, old: bool = False) -> Iterator[Subject]:
    age, picture = "old " * old, folder / "own.png"
    Image.fromarray(_pictures(1)[0] * 3).save(picture)
    results = paribus.open_results(run)
    numbers = {
        "results": lambda: _plain(paribus.open_results(run)),
        "status": lambda: paribus.api.status(run).to_json(),
    }
    looks = {
        "kernels": lambda: results.images.kernels("slow"),
        "gallery": lambda: gallery_of(results) is None,
        "insight": lambda: read_insight(run) is None,
        "unreadable": lambda: [trial.seed for trial, _ in unreadable_trials(run, results.summary.trials)],
        "predict": lambda: [row.probabilities for row in predict(results, [picture])],
        "explain": lambda: explain(results, picture, "slow").probabilities,
        "report": lambda: _parts(results),
    }  # fmt: skip
    for path in sorted((run / "artifacts").rglob("*.safetensors")):
        own: dict[str, Reader] = {} if old else {"file": partial(_is_read, path)}
        readers = own | looks | {"results": numbers["results"]}
        yield Subject(f"{age}artifact", path, readers, sealed=not old)
    yield Subject(f"{age}database", run / "paribus.db", numbers, sealed=not old)
    if old:
        return
    again = {"reopen": lambda: str(paribus.api.reopen(run)[1])}
    for name in ("run.json", "study.yaml", "resolved.yaml"):
        yield Subject("text", run / name, again)
    brought = {"own image": lambda: read_own(results, [picture], results.variant()).images.shape}
    yield Subject("image", picture, brought)


def _of_data(folder: Path) -> Iterator[Subject]:
    for name, write in _SOURCES.items():
        source = folder / name
        folder.mkdir(parents=True, exist_ok=True)
        write(source)
        files = sorted(path for path in source.rglob("*") if path.is_file()) or [source]
        read = {"load_dataset": partial(_shape, source)}
        for path in files[:3] + files[-3:]:
            yield Subject(f"data ({name})", path, read)


def _shape(source: Path) -> tuple[int, ...]:
    """Return the shape of a source's images."""
    if source.name.startswith("cifar"):
        return read_cifar(source).images.shape
    return load_dataset(DataSpec(source=str(source))).images.shape


def _of_cache(folder: Path) -> Iterator[Subject]:
    data = load_dataset(DataSpec(source="digits"))
    export_dataset(data, folder)
    read = {"open_dataset": lambda: open_dataset(folder).images.shape}
    for name in ("images.npy", "labels.npy", "data.json"):
        yield Subject("cache", folder / name, read)


def _is_read(path: Path) -> bool:
    return find_sealed(path) is not None


def _plain(results: paribus.Results) -> Any:
    """Return what is said, but for what findings say of damaged files."""
    found = results.to_json()
    found["findings"] = [f for f in found["findings"] if f["check"] != "unreadable_files"]
    damaged = len(found["findings"]) != len(results.summary.findings)
    return None if damaged else found


def _parts(results: paribus.Results) -> Any:
    """Return what needs files of trials, as the report does, or None where it says that files are damaged."""
    damage = Damage(results.folder)
    images, tables = results.images, results.tables
    found = [
        damage.part(read, None)
        for read in (
            images.mistakes,
            images.disagreements,
            lambda: tables.confusion("validation") is None,
            lambda: [str(tables.confusion(split)) for split in ("validation", "test")],  # type: ignore[arg-type]
        )
    ]
    return None if damage.found else [str(item) for item in found]


def _pictures(count: int) -> npt.NDArray[np.uint8]:
    draw = np.random.default_rng(3)
    return draw.integers(0, 85, (count, 12, 12), dtype=np.uint8)


def _labels(count: int) -> npt.NDArray[np.int64]:
    return np.arange(count) % 3


def _write_folder(source: Path) -> None:
    for number, (pixels, label) in enumerate(zip(_pictures(18), _labels(18), strict=True)):
        for ending in ("png", "jpg"):
            path = source / f"class{label}" / f"{number}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels * 3).save(path)


def _write_npz(source: Path) -> None:
    train = {"x_train": _pictures(30), "y_train": _labels(30)}
    np.savez_compressed(source, **train, x_test=_pictures(9), y_test=_labels(9))


def _write_csv(source: Path) -> None:
    rows = np.column_stack([_labels(20), _pictures(20).reshape(20, -1)])
    head = ",".join(["label", *(f"pixel{k}" for k in range(144))])
    np.savetxt(source, rows, "%d", ",", header=head, comments="")


def _write_idx(source: Path) -> None:
    source.mkdir(parents=True)
    for part, count in (("train", 30), ("t10k", 9)):
        for kind, values in (("images-idx3", _pictures(count)), ("labels-idx1", _labels(count))):
            plain = values.astype(np.uint8)
            head = struct.pack(f">HBB{plain.ndim}I", 0, 8, plain.ndim, *plain.shape)
            (source / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(head + plain.tobytes()))


def _write_cifar(source: Path) -> None:
    source.mkdir(parents=True)
    draw = np.random.default_rng(4)
    for name in [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]:
        data = draw.integers(0, 255, (6, 3072), dtype=np.uint8)
        batch = {"data": data, "labels": [0, 1, 2, 3, 4, 5], "batch_label": name}
        (source / name).write_bytes(pickle.dumps(batch, protocol=2))
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    (source / "batches.meta").write_bytes(pickle.dumps({"label_names": names}, protocol=2))


_SOURCES: dict[str, Callable[[Path], None]] = {
    "images": _write_folder,
    "arrays.npz": _write_npz,
    "table.csv": _write_csv,
    "idx": _write_idx,
    "cifar-10-batches-py": _write_cifar,
}
