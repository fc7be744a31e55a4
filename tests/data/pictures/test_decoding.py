"""Sources, splits and preprocessing: exact on good files, clear on damaged ones."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from paribus.data.pictures.decoding import UnreadableError, decode, is_picture_name
from tests.data.reading import refusal
from tests.data.small_data import image_folder

RANDOM = np.random.default_rng(5)


GRAY = RANDOM.integers(0, 256, (9, 7), dtype=np.uint8)


COLOUR = RANDOM.integers(0, 256, (9, 7, 3), dtype=np.uint8)


def saved(tmp_path, image, name="a.png", **how):
    image.save(tmp_path / name, **how)
    return tmp_path / name


def test_what_has_eight_bits_and_no_alpha_keeps_its_bits_in_every_lossless_format(tmp_path):
    for ending in ("png", "bmp", "tiff", "ppm", "webp"):
        how = {"lossless": True, "exact": True} if ending == "webp" else {}
        found = decode(saved(tmp_path, Image.fromarray(COLOUR), f"c.{ending}", **how))
        assert (found.pixels == COLOUR).all(), ending
        assert found.changes == ()
    for ending in ("png", "bmp", "tiff", "pgm", "gif"):
        found = decode(saved(tmp_path, Image.fromarray(GRAY), f"g.{ending}"))
        assert (found.pixels[..., 0] == GRAY).all(), ending
        assert found.pixels.shape == (9, 7, 1)
        assert found.changes == ()
    palette = Image.fromarray(COLOUR).quantize(16)
    found = decode(saved(tmp_path, palette, "p.png"))
    assert (found.pixels == np.asarray(palette.convert("RGB"))).all()
    two = Image.fromarray(GRAY > 127).convert("1")
    assert set(np.unique(decode(saved(tmp_path, two, "1.png")).pixels)) == {0, 255}


def test_black_ink_on_a_transparent_ground_is_seen(tmp_path):
    alpha = GRAY.copy()
    alpha[0, 0] = 255
    ink = np.zeros((9, 7, 4), np.uint8)
    ink[..., 3] = alpha
    path = saved(tmp_path, Image.fromarray(ink, "RGBA"))
    found = decode(path)
    expected = np.round(255 - alpha.astype(float))
    assert np.abs(found.pixels[..., 0] - expected).max() <= 1
    assert found.pixels[0, 0, 0] == 0
    assert found.changes == ("transparent, composited on white",)
    dark = decode(path, background="black")
    assert dark.pixels.max() == 0
    assert dark.changes == ("transparent, composited on black",)


def test_every_kind_of_transparency_is_composited(tmp_path):
    la = np.zeros((9, 7, 2), np.uint8)
    la[2:5, 2:5, 1] = 255
    palette = Image.new("P", (7, 9), 1)
    palette.putpalette([255, 255, 255, 0, 0, 0] + [0] * 762)
    kinds = {
        "la.png": (Image.fromarray(la, "LA"), {}),
        "palette.png": (palette, {"transparency": 1}),
        "gray-key.png": (Image.new("L", (7, 9), 0), {"transparency": 0}),
        "rgb-key.png": (Image.new("RGB", (7, 9), (0, 0, 0)), {"transparency": (0, 0, 0)}),
        "frame.gif": (palette, {"transparency": 1}),
    }
    for name, (image, how) in kinds.items():
        found = decode(saved(tmp_path, image, name, **how))
        assert found.pixels[0, 0].tolist() == [255], name
        assert found.changes == ("transparent, composited on white",), name


def test_an_opaque_alpha_channel_changes_nothing(tmp_path):
    opaque = np.dstack([COLOUR, np.full((9, 7), 255, np.uint8)])
    found = decode(saved(tmp_path, Image.fromarray(opaque, "RGBA")))
    assert (found.pixels == COLOUR).all()
    assert found.changes == ()


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_sixteen_bits_are_scaled_by_the_range_of_the_type(tmp_path, name):
    values = np.array([[0, 1, 128, 129], [257, 32_768, 65_534, 65_535]], np.uint16)
    found = decode(saved(tmp_path, Image.fromarray(values), name))
    expected = np.floor(values.astype(float) * 255 / 65_535 + 0.5)
    assert (found.pixels[..., 0] == expected).all()
    assert found.changes == ("16 bits, scaled from 0..65,535 to 0..255",)


def test_floats_from_0_to_1_are_scaled_and_others_refused(tmp_path):
    values = np.linspace(0, 1, 63, dtype=np.float32).reshape(9, 7)
    found = decode(saved(tmp_path, Image.fromarray(values), "f.tiff"))
    assert (found.pixels[..., 0] == np.round(values * 255)).all()
    for scaled, text in ((values * 255, "from 0 to 255"), (values - 0.5, "from -0.5 to 0.5")):
        with pytest.raises(UnreadableError, match=text):
            decode(saved(tmp_path, Image.fromarray(scaled), "f.tiff"))
    values[0, 0] = np.nan
    with pytest.raises(UnreadableError, match="not finite"):
        decode(saved(tmp_path, Image.fromarray(values), "f.tiff"))
    with pytest.raises(UnreadableError, match="32-bit values from 0 to 62"):
        decode(
            saved(tmp_path, Image.fromarray(np.arange(63, dtype=np.int32).reshape(9, 7)), "i.tiff")
        )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_exif_says(tmp_path, orientation):
    ways = {  # the stored picture -> the upright one, by the EXIF standard
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, 1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(saved(tmp_path, Image.fromarray(COLOUR), "o.png", exif=exif))
    assert (found.pixels == ways[orientation](COLOUR)).all()
    assert bool(found.changes) == (orientation != 1)


def test_other_colours_go_through_pillow_and_are_said(tmp_path):
    inks = Image.fromarray(COLOUR).convert("CMYK")
    found = decode(saved(tmp_path, inks, "c.tiff"))
    assert (found.pixels == np.asarray(inks.convert("RGB"))).all()
    assert found.changes == ("CMYK colours, converted to RGB",)


def test_the_first_frame_is_taken_and_said(tmp_path):
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    for name in ("a.gif", "a.tiff", "a.webp"):
        how = {"lossless": True} if name.endswith("webp") else {}
        found = decode(
            saved(tmp_path, frames[0], name, save_all=True, append_images=frames[1:], **how)
        )
        assert (found.pixels[..., 0] == GRAY).all(), name
        assert found.changes == ("more than one frame, the first is taken",), name


def test_the_ending_does_not_matter_but_the_content_does(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.png").read_bytes())
    assert (decode(tmp_path / "a.jpg").pixels == COLOUR).all()
    for content, text in (
        (b"", "an empty file"),
        (b"<svg xmlns='x'/>", r"a drawing \(SVG\): convert it to PNG"),
        (b"%PDF-1.7", "a PDF document: convert it to PNG"),
        (b"PK\x03\x04", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"hello", "no PNG, JPEG, BMP, GIF, TIFF, WebP or PPM image"),
    ):
        (tmp_path / "b.png").write_bytes(content)
        with pytest.raises(UnreadableError, match=text):
            decode(tmp_path / "b.png")
    with pytest.raises(UnreadableError, match="No such file"):
        decode(tmp_path / "none.png")


def test_pictures_of_every_damage_give_one_kind_of_error(tmp_path):
    random = np.random.default_rng(0)
    for ending in ("png", "jpg", "bmp", "gif", "tiff", "webp", "ppm"):
        buffer = io.BytesIO()
        Image.fromarray(COLOUR).save(buffer, {"jpg": "JPEG"}.get(ending, ending.upper()))
        whole = buffer.getvalue()
        for _ in range(40):
            content = bytearray(whole)
            if random.random() < 0.3:
                content = content[: random.integers(0, len(content))]
            else:
                for _ in range(random.integers(1, 6)):
                    content[random.integers(0, len(content))] = random.integers(0, 256)
            (tmp_path / f"x.{ending}").write_bytes(bytes(content))
            try:
                found = decode(tmp_path / f"x.{ending}")
            except UnreadableError as error:
                assert str(error)
            else:
                assert found.pixels.dtype == np.uint8


def test_a_picture_that_unpacks_to_too_much_is_refused(tmp_path):
    import zlib

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(UnreadableError, match="pixels"):
        decode(tmp_path / "bomb.png")


def test_names_of_pictures():
    assert is_picture_name("A.JPEG")
    assert is_picture_name("a.heic")
    assert not is_picture_name("labels.csv")
    assert not is_picture_name("png")


def test_a_pixel_bomb_is_refused(tmp_path, monkeypatch):
    image_folder(tmp_path)
    monkeypatch.setattr("paribus.data.pictures.decoding.MAX_PIXELS", 40)
    buffer = io.BytesIO()
    Image.new("L", (7, 7)).save(buffer, "PNG")
    (tmp_path / "ant" / "bomb.png").write_bytes(buffer.getvalue())
    assert "bomb.png: must be a readable image, got 7x7 pixels are more than 40" in refusal(
        tmp_path
    )
