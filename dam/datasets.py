"""The data: MNIST in its original files, smaller digits, random patterns, and the four memories of XOR."""

import csv
import gzip
import hashlib
import math
import zlib
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dam import checks
from dam.arrays import Array, to_numpy

SEVEN = 426
"""The training digit that runs through the book."""

MNIST_FOLDER = Path(__file__).parent / "data" / "mnist"

# file: (SHA-256 of the unpacked file, bytes of its header, shape of its content)
MNIST_FILES = {
    "train-images-idx3-ubyte": ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 16, (60000, 784)),
    "train-labels-idx1-ubyte": ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 8, (60000,)),
    "t10k-images-idx3-ubyte": ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 16, (10000, 784)),
    "t10k-labels-idx1-ubyte": ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 8, (10000,)),
}

DIGITS8 = Path(__file__).parent / "data" / "digits8" / "digits.csv.gz"
DIGITS8_SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"


PHOTOGRAPHS = Path(__file__).parent / "data" / "photographs"


class Photograph(NamedTuple):
    """A photograph shipped with the package: its file, the number of its class among ImageNet's, whose it is."""

    id: str
    path: Path
    label: int
    author: str
    page: str


class MNIST(NamedTuple):
    """The handwritten digits: pixels as float32 in [-1, 1], labels as int64 from 0 to 9."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def mnist(folder: str | PathLike = MNIST_FOLDER) -> MNIST:
    """Return the MNIST digits shipped with the package (LeCun, Cortes and Burges; CC BY-SA 3.0).

    They are unpacked once for all callers, and therefore cannot be written to: take a copy to change them.

    Returns
    -------
    MNIST
        ``x_train (60000, 784)`` float32, 28 × 28 pixels row by row with -1 for paper and +1 for ink,
        ``y_train (60000,)`` int64, ``x_test (10000, 784)``, ``y_test (10000,)``.

    Raises
    ------
    FileNotFoundError
        A file is missing.
    ValueError
        A file is truncated or altered: its SHA-256 is not the original's.
    """
    if not isinstance(folder, str | PathLike):
        raise TypeError(f"folder must be a path, got {folder!r}")
    return _mnist(Path(folder))


@lru_cache(maxsize=1)
def _mnist(folder):
    x_train, y_train, x_test, y_test = (_read_idx(folder, name) for name in MNIST_FILES)
    data = MNIST(_pixels(x_train), y_train.astype(np.int64), _pixels(x_test), y_test.astype(np.int64))
    for x in data:
        x.flags.writeable = False
    return data


def _pixels(x):
    """Map 0..255 to [-1, 1]."""
    return x.astype(np.float32) / np.float32(127.5) - np.float32(1)


def _read_idx(folder, name):
    sha256, header, shape = MNIST_FILES[name]
    content = _original("MNIST", folder / f"{name}.gz", sha256, header + math.prod(shape))
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _original(what, path, sha256, size):
    """The content of a file that is shipped, unpacked to so many bytes, after a look at its SHA-256."""
    remedy = "restore it from the package or the repository"
    try:
        with gzip.open(path) as file:  # no more than the original holds, whatever the file says
            content = file.read(size + 1)
    except FileNotFoundError:
        raise FileNotFoundError(f"the {what} file {path} is missing; {remedy}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"the {what} file {path} is truncated or no gzip file ({error}); {remedy}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"the {what} file {path} was altered: its SHA-256 is {found}, not {sha256}; {remedy}")
    return content


def digits8() -> tuple[np.ndarray, np.ndarray]:
    """Return the smaller handwritten digits shipped with the package (Alpaydin and Kaynak, UCI; CC BY 4.0).

    They are the test digits of *Optical Recognition of Handwritten Digits*, by 13 people, in the order of the file,
    which keeps what a person wrote together; scikit-learn's ``load_digits`` has the same ones.

    Returns
    -------
    ink : (1797, 64) array of uint8
        8 × 8 pixels row by row, from 0 for paper to 16 for ink: `dam.train` takes ``ink / 8 - 1``.
    y : (1797,) array of int64
        Their classes.

    Raises
    ------
    FileNotFoundError, ValueError
        As `mnist` does.
    """
    rows = _original("digits", DIGITS8, DIGITS8_SHA256, 264712).decode().split()
    table = np.array([row.split(",") for row in rows], dtype=np.int64)
    return table[:, :-1].astype(np.uint8), table[:, -1].copy()


def photographs() -> list[Photograph]:
    """Return the photographs shipped with the package, resized to 224 × 224 pixels (their authors; CC BY 2.0).

    They are from the development set of the NIPS 2017 competition on adversarial images, which gives the labels; some
    are wrong, and networks helped to set them.

    Raises ``FileNotFoundError`` if the table or a picture is missing.
    """
    table = PHOTOGRAPHS / "photographs.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{table} is missing; restore it from the package or the repository")
    with table.open(newline="", encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    found = [
        Photograph(row["id"], PHOTOGRAPHS / f"{row['id']}.jpg", int(row["label"]), row["author"], row["page"])
        for row in rows
    ]
    if lost := [str(one.path) for one in found if not one.path.is_file()]:
        raise FileNotFoundError(f"{lost[0]} is missing; restore it from the package or the repository")
    return found


def idx(path: Path | str) -> np.ndarray:
    """Return the content of an IDX file of bytes, the format of MNIST and Fashion-MNIST, gzipped or not.

    Parameters
    ----------
    path : path
        A file of yours. Nothing but its form is checked, unlike those of `mnist`.

    Returns
    -------
    array of uint8
        Of the shape that the file gives: ``(S,)`` for labels, ``(S, rows, columns)`` for pictures.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is truncated, too long, or no IDX file of bytes.
    MemoryError
        It does not fit into the free memory.
    """
    if not isinstance(path, str | PathLike):
        raise TypeError(f"path must be a path, got {path!r}")
    path = Path(path)
    with path.open("rb") as file:
        opened = gzip.open if file.read(2) == b"\x1f\x8b" else open
    try:
        with opened(path, "rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != b"\0\0\x08" or not 1 <= head[3] <= 32:
                raise ValueError(
                    f"{path} is no IDX file of bytes: it begins with {head!r}, not 0, 0, 8 and a number from 1 to 32"
                )
            rest = file.read(4 * head[3])
            if len(rest) < 4 * head[3]:
                raise EOFError("it ends before the sizes do")
            sizes = np.frombuffer(rest, ">u4").tolist()
            size = math.prod(sizes)
            damaged = "if it should be smaller, it is damaged: get it again"
            checks.memory(size, f"the content of {path}, {' × '.join(map(str, sizes))} bytes,", less=damaged)
            content = file.read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is truncated or damaged ({error}); get it again") from error
    if len(content) != size:
        short = "truncated" if len(content) < size else "too long"
        raise ValueError(f"{path} is {short}: it should hold {' × '.join(map(str, sizes))} bytes; get it again")
    return np.frombuffer(content, np.uint8).reshape(sizes).copy()


def held_out_split(y: Array, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Split training digits for the choice of hyperparameters: five sixths to train on, one sixth to test on.

    Of the 60,000 MNIST digits these are 50,000 and 10,000, as in Appendix A. Each class gives a sixth of its digits,
    to within one digit, so that the split has the classes in the proportions of the data: a random split, as the
    paper's, has them so only on average, and its errors would vary a little more from split to split.

    Parameters
    ----------
    y : (S,) array of int
        Classes.
    seed : int
        Which digits of a class are held out.

    Returns
    -------
    kept : (S - S // 6,) array of int
        Indices to train on, in ascending order.
    held_out : (S // 6,) array of int
        The others, in ascending order.

    Raises
    ------
    ValueError
        y is no vector of at least 6 entries, or the seed is no integer >= 0.
    """
    y = checks.numbers_of("y", y, dtype=None)
    if y.ndim != 1 or len(y) < 6:
        raise ValueError(f"y must be a vector of at least 6 classes, one for each digit, got shape {y.shape}")
    order = np.random.default_rng(checks.count("seed", seed, minimum=0)).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]  # class by class, at random within a class
    held_out = np.sort(order[5::6])
    return np.setdiff1d(np.arange(len(y)), held_out), held_out


def spins(x: Array) -> np.ndarray:
    """Return pixels (or any numbers) as ±1: +1 for ink, above 0, and -1 for paper; float64, of the same shape.

    Raises ``ValueError`` for NaN or infinity, ``TypeError`` for other than real numbers.
    """
    return np.where(checks.numbers_of("x", x, dtype=None) > 0, 1.0, -1.0)


def damage(sigma: Array, p: float, rng: Any) -> np.ndarray:
    """Return states with each neuron flipped with probability p.

    Parameters
    ----------
    sigma : array_like of ±1, any shape
        Its type, which must have a -1, is that of the result.
    p : float
        Between 0 and 1.
    rng : numpy.random.Generator or seed
    """
    sigma = sigma if isinstance(sigma, np.ma.MaskedArray) else to_numpy(sigma)
    checks.signs("sigma", sigma)
    p = checks.number("p", p, 0, 1)
    return np.where(checks.generator(rng).random(sigma.shape) < p, -sigma, sigma)


def damaged_seven() -> tuple[np.ndarray, np.ndarray]:
    """Return the picture that runs through the book: a seven ``(784,)`` of MNIST as ±1, and its damaged copy.

    It is training digit 426; 30 % of the pixels of the copy are flipped, by seed 1.
    """
    seven = spins(mnist().x_train[SEVEN])
    return seven, damage(seven[None], 0.3, 1)[0]


def random_patterns(K: int, N: int, rng: Any, dtype: Any = np.float64) -> np.ndarray:
    """Return ``(K, N)`` independent random ±1, each sign with probability 1/2.

    Parameters
    ----------
    K, N : int
        Number of patterns and of neurons, at least 1 each.
    rng : numpy.random.Generator or seed
    dtype : dtype
        float64 by default, so that products of patterns neither overflow nor leave the fast matrix routines.

    Raises ``MemoryError`` if they do not fit into the free memory, ``TypeError`` for a dtype that has no -1.
    """
    K, N = checks.count("K", K), checks.count("N", N)
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"dtype must be a type of numbers, got {dtype!r} ({error})") from None
    if kind.kind not in "if":
        raise TypeError(f"dtype must be of signed whole numbers or real numbers, for -1 and +1, got {kind}")
    checks.memory(K * N * (1 + kind.itemsize), f"random_patterns({K}, {N})")
    return (2 * checks.generator(rng).integers(0, 2, size=(K, N), dtype=np.int8) - 1).astype(kind)


def xor_memories() -> np.ndarray:
    """Return the memories ``(4, 3)`` of eqs. (7) and (8): the rows (x, y, z) of z = x XOR y, with -1 for false."""
    return np.array([[-1, -1, -1], [-1, 1, 1], [1, -1, 1], [1, 1, -1]], dtype=np.float64)
