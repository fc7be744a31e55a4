"""Pictures beside a table of labels: which column names files, which says classes and parts."""

import pytest

from tests.data.pictures.drawn import plain, put
from tests.data.reading import case, read, refusal


def table(folder, text, name="labels.csv"):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("as_source", ["folder", "table"])
@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("file,label\n1.png,dog\n2.png,cat\n3.png,dog\n", "file"),
        ("Class;Image\ndog;pics/1.png\ncat;pics\\2.png\ndog;./pics/3.png\n", "Image"),
        ("id\ttarget\n1\tdog\n2\tcat\n3\tdog\n", "id"),
        ("index,filename,label,author\n0,1.png,dog,x\n1,2.png,cat,x\n2,3.png,dog,y\n", "filename"),
    ],
)
def test_pictures_with_a_table_of_labels(tmp_path, as_source, text, column):
    expected = put(tmp_path, "pics/1.png", "pics/2.png", "pics/3.png")
    path = table(tmp_path, text)
    data = read(tmp_path if as_source == "folder" else path)
    assert (data.images == expected).all()
    assert data.class_names == ("cat", "dog")
    assert data.labels.tolist() == [1, 0, 1]
    assert data.file_names == ("pics/1.png", "pics/2.png", "pics/3.png")
    assert data.changed[0] == f"labels read from labels.csv, files from its column {column!r}"


@pytest.mark.parametrize("as_source", ["folder", "table"])
@pytest.mark.parametrize(
    "text",
    ["1.png,dog\n2.png,cat\n3.png,dog\n", "dog pics/1\ncat pics/2\ndog pics/3\n", "1.png,1\n2.png,0\n3.png,1\n"],
)  # fmt: skip
def test_a_table_without_a_header_loses_no_picture(tmp_path, as_source, text):
    expected = put(tmp_path, "pics/1.png", "pics/2.png", "pics/3.png")
    path = table(tmp_path, text)
    data = read(tmp_path if as_source == "folder" else path)
    assert (data.images == expected).all()
    assert data.labels.tolist() == [1, 0, 1]
    assert not data.ignored


def test_a_column_called_like_a_picture_is_no_picture(tmp_path):
    put(tmp_path, "image.png", "other.png")
    table(tmp_path, "image,label\nimage,x\nother,y\n")
    assert read(tmp_path).file_names == ("image.png", "other.png")


@pytest.mark.parametrize(
    "rows", ["1.png,0,1,0\n2.png,1,0,0\n", "1.png,0.0,1.0,0.0\n2.png,1.0,0.0,0.0\n"]
)
def test_columns_with_a_single_1_are_classes(tmp_path, rows):
    put(tmp_path, "1.png", "2.png")
    table(tmp_path, "image,nevus,melanoma,other\n" + rows)
    data = read(tmp_path)
    assert data.class_names == ("nevus", "melanoma", "other")
    assert data.labels.tolist() == [1, 0]
    assert data.changed[1] == "one-hot labels (rows of 3 with a single 1) read as 3 classes"
    assert data.notes == ("no training image has the class other",)


def test_images_with_several_classes_are_refused(tmp_path):
    put(tmp_path, "1.png", "2.png")
    table(tmp_path, "image,cat,dog\n1.png,0,1\n2.png,1,1\n")
    text = refusal(tmp_path)
    assert "row 2 (line 3)" in text
    assert "must hold a single 1, for its class, and zeros, got [1, 1]" in text


def test_leading_zeros_of_a_file_are_kept(tmp_path):
    expected = put(tmp_path, "0001.png", "0002.png", "0010.png")
    table(tmp_path, "id,label\n0002,1\n0010,0\n0001,1\n")
    data = read(tmp_path)
    assert data.file_names == ("0002.png", "0010.png", "0001.png")
    assert (data.images == expected[[1, 2, 0]]).all()
    assert data.labels.tolist() == [1, 0, 1]


def test_a_column_of_parts_makes_official_parts(tmp_path):
    put(tmp_path, *(f"{k}.png" for k in range(6)))
    rows = [
        f"{k}.png,{'ab'[k % 2]},{part}"
        for k, part in enumerate(["test", "train", "train", "val", "val", "test"])
    ]
    table(tmp_path, "\n".join(["image,label,split", *rows]))
    data = read(tmp_path)
    assert data.parts == (2, 2, 2)
    assert data.file_names == ("1.png", "2.png", "3.png", "4.png", "0.png", "5.png")


def test_rows_that_name_no_single_picture_are_refused_all_at_once(tmp_path):
    put(tmp_path, "a/1.png", "b/1.png", "a/2.png", "a/3.png")
    table(
        tmp_path,
        "file,label\n1.png,x\n2.png,y\n2.png,x\n9.png,y\n../3.png,x\n/etc/x.png,y\n",
    )
    text = refusal(tmp_path / "labels.csv")
    assert "row 1 (line 2)" in text
    assert "'1.png': a/1.png, b/1.png" in text
    assert "must name another picture than row 2" in text
    assert "'9.png': no such picture" in text
    assert text.count("must be a path below the folder of the table") == 2


def test_pictures_that_no_row_names_are_said(tmp_path):
    put(tmp_path, "1.png", "2.png", "3.png", "4.png")
    table(tmp_path, "file,label\n1.png,x\n2.png,y\n")
    assert read(tmp_path).ignored == ("2 pictures that labels.csv does not list: 3.png, 4.png",)


def test_unclear_columns_are_refused_and_named_ones_taken(tmp_path):
    put(tmp_path, "1.png", "2.png", "3.png", "4.png")
    path = table(
        tmp_path,
        "file,size,colour\n1.png,big,red\n2.png,small,red\n3.png,big,blue\n4.png,small,blue\n",
    )
    text = refusal(path)
    assert "the column of the label must be clear, got column 'size' or column 'colour'" in text
    data = read(path, columns={"label": "colour"})
    assert data.class_names == ("blue", "red")
    assert data.ignored == ("of labels.csv: column 'size'",)
    path = table(tmp_path, "left,right,label\n1.png,2.png,x\n3.png,4.png,y\n")
    assert "the column of the files must be clear" in refusal(path)
    assert read(path, columns={"file": "right"}).file_names == ("2.png", "4.png")


def test_a_table_of_pixels_beside_pictures_stays_one(tmp_path):
    put(tmp_path, "7.png", "12.png")
    rows = [",".join(map(str, [k % 2, *([7, 12, k, 3] * 4)])) for k in range(6)]
    path = table(tmp_path, "\n".join(["label," + ",".join(f"pixel{k}" for k in range(16)), *rows]))
    data = read(path)
    assert data.images.shape == (6, 4, 4, 1)
    assert data.file_names == ()


@pytest.mark.parametrize("labels", ["-1 0 1 -1 0 1", "0 1 label 0 1 1"])
def test_numbers_beside_pictures_of_the_same_names_are_no_files(tmp_path, labels):
    put(tmp_path, "a/0.png", "a/1.png")
    cells = labels.split()
    header = "label," + ",".join(f"pixel{k}" for k in range(16))
    rows = [header if cell == "label" else ",".join([cell, *["7"] * 15, str(k)]) for k, cell in enumerate(cells)]  # fmt: skip
    path = table(tmp_path, "\n".join([header, *rows]))
    if "label" in cells:
        assert "line 4: must be a row, not the header once more" in refusal(path)
    else:
        assert read(path).images.shape == (6, 4, 4, 1)


def test_class_folders_are_taken_before_a_table_beside_them(tmp_path):
    plain(tmp_path)
    table(tmp_path, "file,label\ncat/1.png,x\ndog/1.png,y\n")
    data = read(tmp_path)
    assert data.class_names == ("cat", "dog")
    assert data.ignored == ("1 other file: labels.csv",)


def test_case_labels_csv():
    folder = case("img-labels-csv") / "images"
    data = read(folder)
    assert len(data.images) == 36
    wanted = dict(line.split(",") for line in (folder / "labels.csv").read_text().split()[1:])
    for name, label in zip(data.file_names, data.labels, strict=True):
        assert wanted[name.split("/")[-1]] == data.class_names[label]
