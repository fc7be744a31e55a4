"""File formats that are refused as a source, each with advice on how to convert it."""

from __future__ import annotations

from pathlib import Path

from paribus.errors import Problem

__all__ = ["other_format"]

_SAVE = "numpy.savez('data.npz', x_train=..., y_train=...)"
_CURES = {
    ".npy": "a single array|Save images and labels together: " + _SAVE + ".",
    ".mat": "a MATLAB file|Read it with scipy.io.loadmat, then " + _SAVE + ".",
    ".h5": "an HDF5 file|Read it with h5py, then " + _SAVE + ".",
    ".pkl": "a pickle, which is a program|Load it only if you trust it, then " + _SAVE + ".",
    ".pt": "a PyTorch file, which is a pickle|Read it with torch.load, then " + _SAVE + ".",
    ".parquet": "a Parquet file|Read it with pandas.read_parquet, then " + _SAVE + ".",
    ".feather": "a Feather file|Read it with pandas.read_feather, then " + _SAVE + ".",
    ".arff": "an ARFF file|Read it with scipy.io.arff.loadarff, then " + _SAVE + ".",
    ".tfrecord": "a TFRecord file|Read it with tensorflow.data, then " + _SAVE + ".",
    ".xlsx": "a spreadsheet|Save it as CSV (UTF-8).",
    ".json": "a JSON file|Read it with json.load, then " + _SAVE + ".",
    ".zip": "an archive|Unpack it, and name the folder or the file in it.",
    ".png": "a single image|Name the folder that holds one folder of images for each class.",
}
_ALIASES = {
    ".hdf5": ".h5",
    ".he5": ".h5",
    ".pickle": ".pkl",
    ".p": ".pkl",
    ".pth": ".pt",
    ".xls": ".xlsx",
    ".ods": ".xlsx",
    ".jsonl": ".json",
    ".rar": ".zip",
    ".7z": ".zip",
    ".jpg": ".png",
    ".jpeg": ".png",
    ".gif": ".png",
    ".bmp": ".png",
    ".tif": ".png",
    ".tiff": ".png",
    ".webp": ".png",
}


def other_format(path: Path, source: str, accepted: str) -> Problem:
    """Return the problem to report for a file that no reader accepts.

    Args:
        path: the file.
        source: the source as written in the study.
        accepted: the kinds of files and folders that there are readers for.
    """
    suffix, rule = path.suffix.lower(), f"must be {accepted}"
    known = _CURES.get(_ALIASES.get(suffix, suffix))
    if known is None and "ubyte" in path.name.lower():
        known = "an IDX file|Name the folder that holds images and labels."
    if known is None:
        return Problem("data.source", rule, repr(source))
    what, cure = known.split("|")
    return Problem("data.source", rule, f"{source!r}, {what}", cure)
