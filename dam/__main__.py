"""The command line: ``python -m dam list | run | again NAME | claims | features FOLDER | heads FOLDER``."""

import argparse
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dam import arrays
from dam.lab import claims, experiments, photographs, results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0, or 1 if a verdict is not the one on record, nothing is judged, or a result comes out differently; 2 for bad
    input; 130 after an interrupt; 141 where nobody reads the output to its end.
    """
    with any_letters():
        try:
            return answer(arguments)
        except BrokenPipeError:
            drop_output()
            return 141
        except (OverflowError, ZeroDivisionError) as error:
            return complain(f"beyond floating point ({error}); try smaller parameters")
        except (ValueError, TypeError, OSError, RuntimeError, MemoryError, ArithmeticError) as error:
            return complain(str(error) or type(error).__name__, *getattr(error, "__notes__", ()))
        except KeyboardInterrupt:
            complain("interrupted")
            return 130


def answer(arguments: Sequence[str] | None) -> int:
    """Run one command, with all of its output written out before it returns, and return its exit status."""
    try:
        options = parser().parse_args(arguments)
        return options.command(options)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


def complain(*lines: str) -> int:
    """Print what went wrong, and return the exit status that says so."""
    print("python -m dam: ", "\n".join(lines), sep="", file=sys.stderr)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # the disk that the output goes to is full
        drop_output()
    return 2


def drop_output() -> None:
    """Let what is not yet written out go nowhere: nobody reads it, and Python would complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def any_letters() -> Iterator[None]:
    """Print, while it lasts, the escape of a letter that the terminal or the file does not have: it may know no Greek.

    Where the output takes any letter, as in a notebook, nothing changes.
    """
    stream, before = sys.stdout, getattr(sys.stdout, "errors", None)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=before)


def parser() -> ArgumentParser:
    """Return the parser of the command line; every parameter of an experiment is an option of its ``run``."""
    top = argparse.ArgumentParser(prog="python -m dam", description="Reproduce Krotov and Hopfield (2016).")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="show every experiment, its claims and about how long each scale takes")
    command.set_defaults(command=list_experiments)

    command = commands.add_parser("run", help="run an experiment and store its result")
    command.set_defaults(command=run)
    names = command.add_subparsers(required=True, metavar="EXPERIMENT", dest="experiment")
    for name in experiments.NAMES:
        experiment = experiments.get(name)
        one = names.add_parser(name, help=experiment.summary, description=experiment.summary)
        one.add_argument("--scale", choices=list(experiment.scales), default="paper", help="default: paper")
        one.add_argument("--seed", type=int, default=0, help="default: 0")
        add_outputs(one, experiment.takes("sweep"))
        for key, value in experiment.scales["paper"].items():
            add_parameter(one, key, value, [scale[key] for scale in experiment.scales.values()])

    command = commands.add_parser("again", help="run what a stored result was made by, and compare")
    command.set_defaults(command=again)
    command.add_argument("result", metavar="NAME", help="of a shipped result, like fig4-seed0, or a result's JSON file")
    add_outputs(command, True)

    command = commands.add_parser(
        "claims", help="judge what the paper says; exit 1 if a verdict is not the one on record"
    )
    command.set_defaults(command=show_claims)
    command.add_argument("--results", metavar="DIR", help="judge the results stored there; default: the shipped ones")

    command = commands.add_parser("features", help="store the features of the photographs in a folder")
    command.set_defaults(command=store_features)
    add_photographs(command, "FOLDER/CLASS/*", "features.npz")

    command = commands.add_parser("heads", help="train memories on photographs, and test them")
    command.set_defaults(command=train_heads)
    add_photographs(command, "FOLDER/train/CLASS/* and FOLDER/val/CLASS/*", "heads.npz")
    command.add_argument("--n", type=int, nargs="+", default=[2, 8], help="degrees, a head for each; default: 2 8")
    command.add_argument("--seed", type=int, default=0, help="default: 0")
    command.add_argument("--backend", choices=arrays.BACKENDS, help="of the training; default: $DAM_BACKEND, else auto")
    command.add_argument("--no-logistic", dest="logistic", action="store_false", help="no logistic regression beside")
    for option, (key, kind, shown) in RECIPE.items():
        command.add_argument(f"--{option}", dest=key, type=kind, metavar=option.upper(), help=shown)
    return top


RECIPE: dict[str, tuple[str, Any, str]] = {
    "memories": ("K", int, "K; default: 10 for each class"),
    "temperature": ("T", float, "T, constant; default: in proportion to the features, and to K^(1/n)"),
    "m": ("m", int, "power of the objective (14); default: 3"),
    "epochs": ("epochs", int, "default: 30"),
    "epsilon0": ("epsilon0", float, "learning rate at the start; default: 0.1"),
    "decay": ("decay", float, "of the learning rate in an epoch; default: 0.9"),
    "batch": ("batch_per_class", int, "photographs of each class in a minibatch; default: 50 of all classes"),
    "form": ("form", str, "exact (9) or dual (10); default: exact, with more than 50 classes dual"),
    "objective": ("objective", str, "power (14) or softmax; default: power, with more than 50 classes softmax"),
}
"""Options of ``heads`` by name: the argument of `dam.lab.photographs.recipe`, its type, what is said of it."""


def add_photographs(command: ArgumentParser, form: str, into: str) -> None:
    """Add the options of a command that takes photographs."""
    command.add_argument("folder", metavar="FOLDER", help=f"photographs are {form}")
    command.add_argument("--network", default="lite0", help="lite0, vgg16 or torchvision:NAME; default: lite0")
    command.add_argument("--weights", metavar="FILE", help="of the network; default: lite0's and torchvision's own")
    command.add_argument("--side", type=int, default=112, help="of the square that it sees, in pixels; default: 112")
    command.add_argument("--into", metavar="FILE", default=into, help=f"where to write; default: {into}")
    command.add_argument("--skip", action="store_true", help="leave out photographs that do not open, and list them")
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that sees the files: tcp://host:port"
    )
    command.add_argument("--quiet", action="store_true", help="show no progress bar")


def add_outputs(command: ArgumentParser, sweep: bool) -> None:
    """Add the options that say where and how to compute, and where the result goes."""
    command.add_argument("--backend", choices=arrays.BACKENDS, help="default: $DAM_BACKEND, else auto")
    command.add_argument("--results", metavar="DIR", default="results", help="where to write; default: ./results")
    if sweep:
        command.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster for the points: tcp://host:port")
    command.add_argument("--quiet", action="store_true", help="show no progress bar")
    command.add_argument("--ship", action="store_true", help="then put the result among those that the package ships")
    command.add_argument("--replace", action="store_true", help="ship it whatever its parameters")


def add_parameter(command: ArgumentParser, key: str, shown: Any, values: list) -> None:
    """Add the option for a parameter of an experiment, typed as its values at all scales are."""
    name, shown = f"--{key.replace('_', '-')}", f"paper scale: {shown}".replace("%", "%%")
    kinds = {type(x) for value in values for x in (value if isinstance(value, tuple) else [value])} - {type(None)}
    kind: Any = number if kinds == {int, float} else next(iter(kinds), str)
    if kind is bool:
        command.add_argument(name, dest=key, action=argparse.BooleanOptionalAction, default=None, help=shown)
    elif any(isinstance(value, tuple) for value in values):
        command.add_argument(name, dest=key, type=kind, nargs="+", metavar=key, help=shown)
    else:
        command.add_argument(name, dest=key, type=kind, metavar=key, help=shown)


def number(text: str) -> int | float:
    """Return an integer where the text is one, else a float."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def list_experiments(options: Namespace) -> int:
    """Print every experiment with its parameters, its duration and its claims."""
    for name in experiments.NAMES:
        experiment = experiments.get(name)
        print(f"{name}: {experiment.summary}")
        for scale, parameters in experiment.scales.items():
            settings = ", ".join(f"{key}={value}" for key, value in parameters.items() if value is not None)
            print(f"  {scale:5} about {duration(experiment.seconds[scale]):>7}   {settings}")
        for claim in claims.of(name):
            print(f"  claim {claim.name}: {claim.says} ({claim.where})")
    return 0


def duration(seconds: float) -> str:
    """Return a rough duration in words."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def run(options: Namespace) -> int:
    """Run an experiment, store its result and print the path of its JSON file last."""
    keys = experiments.get(options.experiment).scales["paper"]
    given = {key: getattr(options, key) for key in keys if getattr(options, key) is not None}
    print(compute(options, options.experiment, options.scale, options.seed, options.results, given))
    return 0


def again(options: Namespace) -> int:
    """Run what a stored result was made by, and say whether what comes out is equal."""
    path = Path(options.result) if options.result.endswith(".json") else results.SHIPPED / f"{options.result}.json"
    stored, into = results.read(path), results.writable(options.results)
    scale = "demo" if stored.variant.startswith("demo") else "paper"
    keys = experiments.get(stored.experiment).scales[scale]
    given = stored.parameters | ({"resume": True} if "resume" in keys else {})
    if into.samefile(path.parent):
        raise ValueError(f"{path} would be replaced by what is to be compared with it; give another --results")
    made = compute(options, stored.experiment, scale, stored.seed, path.parent, given)
    print(made)
    found = experiments.differences(stored, results.read(made))
    print(f"differs from {stored.name} in {', '.join(found)}" if found else f"equal to {stored.name}, times aside")
    return int(bool(found))


def compute(options: Namespace, name: str, scale: str, seed: int, folder: Path | str, given: dict) -> Path:
    """Run an experiment that starts from results in a folder, print its values, and return the path they are at."""
    into = results.writable(options.results)
    if into.samefile(results.SHIPPED) and not options.ship:
        raise ValueError(f"{into} holds what the package ships, and takes nothing but with --ship")
    if options.ship:
        experiments.check_shipping(name, scale, seed, options.replace, **given)
    how: dict[str, Any] = {"progress": not options.quiet, "scheduler": getattr(options, "scheduler", None)}
    with experiments.alone(into, results.file_name(name, experiments.plan(name, scale, **given)[2], seed)):
        result = experiments.run(name, scale, seed, options.backend, folder=folder, into=into, **how, **given)
        try:
            path = experiments.store(result, into)
        except OSError as error:
            elsewhere = results.save(result, tempfile.mkdtemp(prefix="dam-"))
            raise OSError(f"{error}; this result is kept in {elsewhere}") from error
    for key, value in result.values.items():
        print(f"{key:36} {value if not isinstance(value, float) else round(value, 5)}")
    return results.save(result, results.SHIPPED) if options.ship else path


def show_claims(options: Namespace) -> int:
    """Print every claim against our stored results; return 1 if a result no longer gives its verdict on record."""
    verdicts = claims.judge_stored(directory=options.results)
    fresh = results.load_all("fresh", directory=options.results)
    print(claims.text(verdicts, *fresh[:1]))
    surprises = claims.surprises(verdicts)
    if not any(v.seeds for v in verdicts):
        print(f"Nothing is judged: {options.results} holds no result at paper scale, with its parameters.")
        return 1
    print("\n".join(["", "Not as recorded:", *surprises]) if surprises else "All as recorded.")
    return int(bool(surprises))


def store_features(options: Namespace) -> int:
    """Store features and say of what, or that they are there."""
    there = os.path.exists(options.into)
    found = photographs.features(options.folder, options.into, **of_photographs(options))
    S, N = found.h.shape
    print(f"{options.into}{' is there already' if there else ''}: {S} photographs of {len(found.classes)} classes, "
          f"{N} features each")  # fmt: skip
    print("".join(f"left out: {path}\n" for path in found.skipped), end="")
    return 0


def train_heads(options: Namespace) -> int:
    """Train heads, store them and print their errors, or those that are there."""
    there = os.path.exists(options.into)
    settings = {key: getattr(options, key) for key in ("n", "seed", "logistic")}
    settings |= {key: getattr(options, key) for key, *_ in RECIPE.values() if getattr(options, key) is not None}
    with arrays.using(options.backend):
        found = photographs.heads(options.folder, options.into, **of_photographs(options), **settings)
    print(f"{options.into}{' is there already' if there else ''}: {len(found.classes)} classes, "
          "{} photographs to train on, {} to test".format(*found.photographs))  # fmt: skip
    print(f"{'':20} {'error %':>8} {'not in first 5 %':>17} {'seconds':>9}")
    for name, error, top_five, seconds in zip(*found[:4]):
        print(f"{name:20} {error:8.2f} {'' if np.isnan(top_five) else f'{top_five:.2f}':>17} {seconds:9.1f}")
    print("".join(f"left out: {path}\n" for path in found.skipped), end="")
    return 0


def of_photographs(options: Namespace) -> dict[str, Any]:
    """Return the arguments that `add_photographs` adds the options for."""
    keys = ("network", "weights", "side", "skip", "scheduler")
    return {key: getattr(options, key) for key in keys} | {"progress": not options.quiet}


if __name__ == "__main__":
    sys.exit(main())
