"""Files are whole at every step: the old content until the rename, the new one from then on."""

import errno

import pytest

from paribus import durable


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """What `out` held at every point of a write that replaces `old`."""
    path, seen = tmp_path / "out", []
    path.write_bytes(b"old")
    monkeypatch.setattr(durable, "reach", lambda point: seen.append((point, path.read_bytes())))
    return path, seen


def test_a_reader_sees_the_old_file_or_the_new_one_at_every_step(steps, tmp_path):
    path, seen = steps
    durable.write_file(path, b"the new content", partial=tmp_path / "partial")
    assert [point for point, _ in seen] == [
        *("out.write", "out.half", "out.fsync", "out.rename", "out.folder", "out.end"),
    ]
    assert [content for _, content in seen] == [b"old"] * 4 + [b"the new content"] * 2
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("step", ["half", "fsync", "rename"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(steps, tmp_path, monkeypatch, step):
    path, _ = steps

    def full(point):
        if point == f"out.{step}":
            raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(durable, "reach", full)
    with pytest.raises(OSError, match="no space left"):
        durable.write_file(path, b"new", partial=tmp_path / "partial")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_what_is_not_there_can_be_removed(tmp_path):
    durable.remove(tmp_path / "nothing", point="nothing")
    (tmp_path / "something").write_bytes(b"x")
    durable.remove(tmp_path / "something", point="something")
    assert not list(tmp_path.iterdir())
