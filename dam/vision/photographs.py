"""Photographs on disk: one file, or a folder with a folder for each class."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from dam import checks
from dam.arrays import Array

ENDINGS = (".jpeg", ".jpg", ".png")


def photograph(path: Path | str, side: int) -> np.ndarray:
    """Return the largest square in the middle of a photograph, ``(side, side, 3)`` of uint8: red, green, blue.

    It is resized by bicubic interpolation, unless it has that size.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no picture, or a truncated one.
    """
    checks.count("side", side)
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is no picture that Pillow can read ({error}); remove it or get it again") from error
    except OSError as error:
        if error.filename is None:  # the file was read, but ends too early
            raise ValueError(f"{path} is a damaged picture ({error}); remove it or get it again") from error
        raise
    width, height = picture.size
    least = min(width, height)
    left, top = (width - least) // 2, (height - least) // 2
    box = (left, top, left + least, top + least)
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BICUBIC, box)
    return np.asarray(picture)


def pixels(pictures: Array) -> np.ndarray:
    """Return pictures of uint8, of any shape, as float32 in [-1, 1], a row of ``(M, 3 side²)`` for each."""
    pictures = checks.numbers_of("pictures", pictures, dtype=None)
    return (pictures.reshape(len(pictures), -1) / np.float32(127.5) - 1).astype(np.float32)


def classes_of(folder: Path | str) -> dict[str, list[Path]]:
    """Return the photographs of each class, by the names of the folders in ``folder``, all in the order of the names.

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
        each.name: sorted(path for path in each.iterdir() if path.suffix.lower() in ENDINGS)
        for each in sorted(folder.iterdir())
        if each.is_dir() and not each.name.startswith(".")
    }
    if not found:
        raise ValueError(f"{folder} must hold a folder of photographs for each class, and holds no folder")
    if empty := [name for name, files in found.items() if not files]:
        raise ValueError(f"every class needs photographs ({', '.join(ENDINGS)}); {folder / empty[0]} holds none")
    return found
