"""What a folder of images holds: images by name or content, junk, other files, and loops of links."""

from pathlib import Path

import pytest

from paribus.data.pictures import tree
from paribus.errors import DataError

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def put(root, *names, content=b"x"):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_files_are_told_by_name_or_by_content(tmp_path):
    put(tmp_path, "b.png", "a.JPG", "notes.txt", "sub/c.webp", ".DS_Store", "__MACOSX/x.png")
    put(tmp_path, "without-ending", content=PNG)
    found = tree.grown(tmp_path)
    assert [file.name for file in found.pictures] == ["a.JPG", "b.png", "without-ending"]
    assert [file.name for file in found.others] == ["notes.txt"]
    assert [file.name for file in found.junk] == [".DS_Store", "__MACOSX"]
    assert [folder.name for folder in found.folders] == ["sub"]
    assert [file.name for file in found.all_pictures()][-1] == "c.webp"


def test_a_link_to_a_folder_above_ends_and_another_is_followed(tmp_path):
    put(tmp_path / "root", "sub/a.png")
    put(tmp_path / "elsewhere", "b.png")
    (tmp_path / "root" / "sub" / "up").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "other").symlink_to(tmp_path / "elsewhere")
    found = tree.grown(tmp_path / "root")
    assert [file.name for file in found.all_pictures()] == ["b.png", "a.png"]
    assert [file.name for file in found.folders[1].others] == ["up"]


def test_what_cannot_be_a_folder_of_images_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="not the root of all files"):
        tree.grown(Path("/"))
    put(tmp_path, "/".join("abcdefghijklmn") + "/x.png")
    with pytest.raises(DataError, match="at most 12 folders deep"):
        tree.grown(tmp_path / "a")
    monkeypatch.setattr(tree, "_MOST_OTHERS", 2)
    put(tmp_path / "wrong", "1.txt", "2.txt", "sub/3.txt")
    with pytest.raises(DataError, match="at most 2 other files, got more"):
        tree.grown(tmp_path / "wrong")


def test_three_paths_are_shown_and_the_others_counted(tmp_path):
    paths = [tmp_path / f"{k}.txt" for k in range(5)]
    assert tree.shown(paths, tmp_path) == "0.txt, 1.txt, 2.txt and 2 more"
    assert tree.shown(paths[:3], tmp_path) == "0.txt, 1.txt, 2.txt"
    assert tree.plain_text("bad\udcff") == "bad\\udcff"
