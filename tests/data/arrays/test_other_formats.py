"""Other formats of arrays are refused with the way out."""

import pytest

from tests.data.reading import refusal


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("a.npy", "got '{}', a single array. Save images and labels together: numpy.savez"),
        ("a.mat", "got '{}', a MATLAB file. Read it with scipy.io.loadmat, then numpy.savez"),
        ("a.h5", "got '{}', an HDF5 file. Read it with h5py"),
        ("a.HDF5", "got '{}', an HDF5 file. Read it with h5py"),
        ("a.pkl", "got '{}', a pickle, which is a program. Load it only if you trust it"),
        ("a.pth", "got '{}', a PyTorch file, which is a pickle. Read it with torch.load"),
        ("a.parquet", "got '{}', a Parquet file. Read it with pandas.read_parquet"),
        ("a.xlsx", "got '{}', a spreadsheet. Save it as CSV (UTF-8)."),
        ("a.zip", "got '{}', an archive. Unpack it"),
        ("a.jpg", "got '{}', a single image. Name the folder"),
        ("train-images-idx3-ubyte", "got '{}', an IDX file. Name the folder"),
        ("a.unknown", "or an image folder (one folder per class), got '{}'."),
    ],
)
def test_other_formats_are_refused_with_the_way_out(tmp_path, name, cure):
    (tmp_path / name).write_bytes(b"x")
    assert cure.format(tmp_path / name) in refusal(tmp_path / name)
