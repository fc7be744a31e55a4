"""Files that notice damage: every cut, every bit, another place; and those of earlier versions."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from paribus.errors import StoreError, TrialError
from paribus.execute.sealed import find_sealed, read_sealed, write_sealed

TEXTS = ("{}", '"sha256":"0000", "place": "é\\\\"', "")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a trial" / "weights.safetensors"
    arrays = {"kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "sha256": np.array([7])}
    write_sealed(path, arrays, TEXTS[1])
    return path


@pytest.mark.parametrize("text", TEXTS)
def test_arrays_and_text_come_back(tmp_path, text):
    arrays = {"a": np.eye(3, dtype=np.float32)[:, ::2], '"sha256":"': np.array([], np.int64)}
    write_sealed(tmp_path / "x", arrays, text)
    found, said = read_sealed(tmp_path / "x")
    assert said == text
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_any_reader_of_safetensors_reads_them(file):
    np.testing.assert_array_equal(load_file(file)["kernel"], [[0, 1, 2], [3, 4, 5]])


def test_every_cut_is_noticed(file):
    content = file.read_bytes()
    for cut in range(len(content)):
        file.write_bytes(content[:cut])
        with pytest.raises(TrialError):
            read_sealed(file)


def test_every_flipped_bit_is_noticed(file):
    content = file.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        with pytest.raises(TrialError):
            read_sealed(file)


def test_bytes_behind_the_end_are_noticed(file):
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(TrialError):
        read_sealed(file)


@pytest.mark.parametrize(
    "place", ["another trial/weights.safetensors", "a trial/other.safetensors"]
)
def test_a_file_in_the_place_of_another_is_refused(file, place):
    other = file.parents[1] / place
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(file.read_bytes())
    with pytest.raises(TrialError) as caught:
        read_sealed(other)
    assert str(caught.value) == (
        f"{other}: must be a whole safetensors file, got the file that belongs at "
        "a trial/weights.safetensors. Run the study again: paribus run FOLDER trains what cannot "
        "be read once more."
    )


def test_a_moved_results_folder_is_read(file):
    file.parents[1].rename(file.parents[1].with_name("moved"))
    moved = file.parents[1].with_name("moved") / "a trial" / file.name
    assert read_sealed(moved)[1] == TEXTS[1]


def test_files_of_earlier_versions_are_read(tmp_path):
    save_file({"a": np.array([1.5, 2.5])}, tmp_path / "old", metadata={"ceteris": "said"})
    arrays, text = read_sealed(tmp_path / "old")
    assert (arrays["a"].tolist(), text) == ([1.5, 2.5], "said")


def test_a_file_whose_checksum_was_taken_out_is_not_taken_for_an_old_one(file):
    arrays = load_file(file)
    save_file(arrays, file, metadata={"ceteris": "{}", "place": "a trial/weights.safetensors"})
    with pytest.raises(TrialError, match="a header that we have not written"):
        read_sealed(file)


def test_a_missing_file_is_none_or_an_error(tmp_path):
    assert find_sealed(tmp_path / "none") is None
    assert find_sealed(tmp_path / "none" / "deeper") is None
    with pytest.raises(TrialError, match="must exist, got no file"):
        read_sealed(tmp_path / "none")


def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path):
    (tmp_path / "x").mkdir()
    for read in (find_sealed, read_sealed):
        with pytest.raises(TrialError, match="Is a directory"):
            read(tmp_path / "x")
    with pytest.raises(StoreError, match="must be writable"):
        write_sealed(tmp_path / "x", {"a": np.zeros(1)}, "")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    arrays = {f"layer{k}/kernel": np.full((k, 2), k, np.float32) for k in range(9)}
    contents = set()
    for number in range(20):
        write_sealed(tmp_path / str(number) / "trial" / "x", arrays, '{"é": 1}')
        contents.add((tmp_path / str(number) / "trial" / "x").read_bytes())
    assert len(contents) == 1
