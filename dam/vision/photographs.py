"""Photographs on disk: one file, or a folder with a folder for each class."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from dam import checks
from dam.arrays import Array

ENDINGS = (".jpeg", ".jpg", ".png")
# what Pillow may raise for a file that is no picture or a damaged one, beside an OSError without a file name
DAMAGED = (SyntaxError, ValueError, EOFError, LookupError, struct.error, zlib.error, Image.DecompressionBombError)


def photograph(path: Path | str, side: int) -> np.ndarray:
    """Return the largest square in the middle of a photograph, ``(side, side, 3)`` of uint8: red, green, blue.

    It is resized by bicubic interpolation, unless it has that size. A JPEG or PNG file is read as it is stored: what it
    says of transparency and of the side that is up is left out.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no picture, a truncated one, or of more pixels than Pillow takes for safe.
    """
    checks.count("side", side)
    try:
        with Image.open(Path(path), formats=("JPEG", "PNG")) as image:
            picture = _colors(image)
    except (OSError, *DAMAGED) as error:
        if isinstance(error, OSError) and error.filename is not None:  # it cannot be read at all
            raise
        problem = "no JPEG or PNG picture" if isinstance(error, UnidentifiedImageError) else "a damaged picture"
        raise ValueError(f"{path} is {problem} ({error}); remove it or get it again") from error
    width, height = picture.size
    least = min(width, height)
    left, top = (width - least) // 2, (height - least) // 2
    box = (left, top, left + least, top + least)
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BICUBIC, box)
    return np.array(picture)


def _colors(image):
    """Return an image in red, green and blue of eight bits."""
    if image.mode.startswith("I"):  # gray of sixteen bits
        image = Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
    return (image.convert("RGBA") if image.mode in ("P", "PA") else image).convert("RGB")


def pixels(pictures: Array) -> np.ndarray:
    """Return pictures ``(M, side, side, 3)`` of uint8 as float32 in [-1, 1], a row of ``(M, 3 side²)`` for each.

    Raises ``ValueError`` for another shape, and ``TypeError`` for another type.
    """
    pictures = checks.numbers_of("pictures", pictures, dtype=None)
    if pictures.dtype != np.uint8:
        raise TypeError(f"pictures must be of uint8, from 0 to 255, got dtype {pictures.dtype}")
    if pictures.ndim != 4 or pictures.shape[3] != 3 or 0 in pictures.shape:
        raise ValueError(f"pictures must have shape (M, side, side, 3), got shape {pictures.shape}")
    return (pictures.reshape(len(pictures), -1) / np.float32(127.5) - 1).astype(np.float32)


def classes_of(folder: Path | str) -> dict[str, list[Path]]:
    """Return the photographs of each class, by the names of the folders in ``folder``, all in the order of the names.

    What begins with a point is left out, as are files that do not end in one of `ENDINGS`, in small letters or large.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        It holds no folders, or one without photographs.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; give one with a folder of photographs for each class")
    found = {
        each.name: sorted(path for path in each.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] != ".")
        for each in sorted(folder.iterdir())
        if each.is_dir() and each.name[0] != "."
    }
    if not found:
        raise ValueError(f"{folder} must hold a folder of photographs for each class, and holds no folder")
    if empty := [name for name, files in found.items() if not files]:
        raise ValueError(f"every class needs photographs ({', '.join(ENDINGS)}); {folder / empty[0]} holds none")
    return found
