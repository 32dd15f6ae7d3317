"""Photographs of every form, files that are none, and folders."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from dam.vision.photographs import classes_of, photograph, pixels

COLORS = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)


def smooth(height, width):
    """A picture whose red grows downward and whose green grows to the right."""
    down, right = np.linspace(0, 255, height)[:, None], np.linspace(0, 255, width)[None, :]
    return np.stack(np.broadcast_arrays(down, right, 100), axis=2).round().astype(np.uint8)


def stored(tmp_path, image, name="x.png", **options):
    path = tmp_path / name
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **options)
    return path


# --- one photograph


def test_a_picture_of_the_right_size_is_as_it_was(tmp_path):
    found = photograph(stored(tmp_path, COLORS), 6)
    assert np.array_equal(found, COLORS) and found.dtype == np.uint8
    found[0] = 0  # it is the caller's own
    assert np.array_equal(photograph(str(tmp_path / "x.png"), 6), COLORS)


@pytest.mark.parametrize("shape", [(6, 10), (10, 6), (6, 9), (9, 6)])
def test_the_square_is_from_the_middle(tmp_path, shape):
    picture = np.zeros((*shape, 3), np.uint8)
    top, left = (shape[0] - 6) // 2, (shape[1] - 6) // 2
    picture[top : top + 6, left : left + 6] = COLORS
    found = photograph(stored(tmp_path, picture), 6)
    assert np.array_equal(found, COLORS)


@pytest.mark.parametrize("side", [8, 24, 97])
@pytest.mark.parametrize("shape", [(24, 24), (24, 40), (40, 24)])
def test_smaller_and_larger_pictures_look_alike(tmp_path, shape, side):
    found = photograph(stored(tmp_path, smooth(*shape)), side).astype(float)
    top, left = (shape[0] - 24) // 2, (shape[1] - 24) // 2
    square = smooth(*shape)[top : top + 24, left : left + 24].astype(float)
    places = ((np.arange(side) + 0.5) * 24 / side - 0.5).clip(0, 23)  # centers of the new places among the old
    assert found.shape == (side, side, 3)
    for channel, across in ((0, square[:, 0, 0]), (1, square[0, :, 1])):
        line = found.mean(axis=1 - channel)[:, channel]
        inside = slice(side // 6, side - side // 6)  # beside the edges, where there is nothing beyond
        np.testing.assert_allclose(line[inside], np.interp(places, np.arange(24), across)[inside], atol=1.5)
    assert np.abs(found[:, :, 2] - 100).max() <= 1


def test_jpegs_are_read_with_their_losses(tmp_path):
    for name in ("x.jpg", "x.JPEG"):
        found = photograph(stored(tmp_path, smooth(24, 24), name, quality=95), 24)
        assert np.abs(found - smooth(24, 24).astype(float)).max() < 12


def forms():
    """Pictures of one color stored in other ways, and how they must look."""
    color, alpha = Image.new("RGB", (8, 8), (200, 100, 50)), Image.new("L", (8, 8), 255)
    yield "gray", Image.new("L", (8, 8), 77), "png", (77, 77, 77)
    yield "black and white", Image.new("1", (8, 8), 1), "png", (255, 255, 255)
    yield "gray with transparency", Image.new("LA", (8, 8), (77, 9)), "png", (77, 77, 77)
    yield "sixteen bits", Image.fromarray(np.full((8, 8), 77 * 256 + 9, np.uint16)), "png", (77, 77, 77)
    color.putalpha(alpha)
    yield "transparency", color, "png", (200, 100, 50)
    yield "palette", color.convert("RGB").quantize(4), "png", (200, 100, 50)
    yield "CMYK", Image.new("CMYK", (8, 8), (55, 155, 205, 0)), "jpg", (200, 100, 50)
    yield "gray JPEG", Image.new("L", (8, 8), 77), "jpg", (77, 77, 77)
    yield "PNG named JPEG", color, "png", (200, 100, 50)


@pytest.mark.parametrize(("name", "image", "kind", "color"), list(forms()), ids=[name for name, *_ in forms()])
def test_every_form_of_color(tmp_path, name, image, kind, color):
    path = stored(tmp_path, image, f"x.{kind}", **({"quality": 100} if kind == "jpg" else {}))
    if name == "PNG named JPEG":
        path = path.rename(tmp_path / "x.jpeg")
    found = photograph(path, 8)
    assert found.shape == (8, 8, 3) and np.abs(found - np.array(color, float)).max() <= 2 * (kind == "jpg")


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path):
    image = Image.fromarray(COLORS).quantize(8)
    path = stored(tmp_path, image, transparency=bytes(range(8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(photograph(path, 6), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("side", [0, -1, 2.0, None, True, "6"])
def test_a_wrong_side_is_refused_by_name(tmp_path, side):
    with pytest.raises(ValueError, match="side must be an integer"):
        photograph(stored(tmp_path, COLORS), side)


# --- files that are no photographs


def packed(kind, image=COLORS):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"text", packed("GIF"), packed("BMP")], ids=["empty", "text", "GIF", "BMP"])
def test_other_files_are_refused_by_their_path(tmp_path, content):
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.jpg is no JPEG or PNG picture .*; remove it or get it again"):
        photograph(tmp_path / "x.jpg", 6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_and_damaged_pictures_are_refused_or_read(tmp_path, kind):
    whole, rng, path, read = packed(kind, COLORS.repeat(6, 0)), np.random.default_rng(0), tmp_path / "x", 0
    damaged = [whole[:length] for length in range(0, len(whole) * 9 // 10, 9)]
    cut = len(damaged)
    for number in range(60):
        bits = np.unpackbits(np.frombuffer(whole, np.uint8))
        bits[rng.integers(0, 600 if number % 2 else bits.size, 2)] ^= 1
        damaged.append(np.packbits(bits).tobytes())
    for number, content in enumerate(damaged):
        path.write_bytes(content)
        try:
            assert photograph(path, 8).shape == (8, 8, 3)
            read += 1
        except ValueError as error:
            assert str(error).startswith(f"{path} is ") and str(error).endswith("; remove it or get it again")
        assert number >= cut or read == 0
    assert read or kind == "PNG"  # which has sums to check its parts


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def test_bombs_are_refused_before_they_go_off(tmp_path):
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0))
    (tmp_path / "large.png").write_bytes(head + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b""))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 6, 8, 2, 0, 0, 0))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7), 9))
    (tmp_path / "text.png").write_bytes(head + text + chunk(b"IDAT", zlib.compress(bytes(114))) + chunk(b"IEND", b""))
    for name in ("large.png", "text.png"):
        with pytest.raises(ValueError, match=rf"{name} is a damaged picture"):
            photograph(tmp_path / name, 6)


def test_what_cannot_be_read_keeps_its_own_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.jpg"):
        photograph(tmp_path / "none.jpg", 6)
    with pytest.raises(OSError, match=tmp_path.name):
        photograph(tmp_path, 6)


# --- pixels


def test_pixels_are_from_minus_one_to_one():
    pictures = np.stack([COLORS, COLORS[::-1]])
    found = pixels(pictures)
    assert found.shape == (2, 108) and found.dtype == np.float32
    np.testing.assert_allclose(found, pictures.reshape(2, -1) / 127.5 - 1, atol=1e-6)
    assert pixels(np.array([[[[0, 255, 51]]]], np.uint8)).tolist() == [[-1, 1, pytest.approx(-0.6)]]


def test_other_pictures_are_refused_by_name():
    for wrong in (COLORS, COLORS[None, :0], np.zeros((0, 6, 6, 3), np.uint8), COLORS[None, ..., :1]):
        with pytest.raises(ValueError, match=r"pictures must have shape \(M, side, side, 3\)"):
            pixels(wrong)
    for wrong in (COLORS[None] / 255, COLORS[None].astype(int), [[1]], ["a"], None):
        with pytest.raises(TypeError, match="pictures must"):
            pixels(wrong)


# --- folders


def folder(tmp_path, *names):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_a_folder_of_classes(tmp_path):
    names = ("b/2.jpg", "b/10.JPEG", "a/x.png", "a/y.PNG", "a/notes.txt", "a/._x.png", "a/.jpg", ".git/x.jpg", "z.jpg")
    found = classes_of(folder(tmp_path, *names))
    assert list(found) == ["a", "b"]
    assert [path.name for path in found["a"]] == ["x.png", "y.PNG"]
    assert found["b"] == [tmp_path / "b/10.JPEG", tmp_path / "b/2.jpg"]
    assert classes_of(str(tmp_path)) == found


def test_folders_without_classes_or_photographs_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere; give one with a folder"):
        classes_of(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="must hold a folder of photographs for each class"):
        classes_of(folder(tmp_path, "z.jpg", ".hidden/x.jpg"))
    with pytest.raises(FileNotFoundError, match=r"z\.jpg"):
        classes_of(tmp_path / "z.jpg")
    with pytest.raises(ValueError, match=r"every class needs photographs \(\.jpeg, \.jpg, \.png\); .*b holds none"):
        classes_of(folder(tmp_path, "a/x.jpg", "b/notes.txt", "b/c/x.jpg", "b/._x.jpg"))
