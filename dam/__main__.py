"""The command line: ``python -m dam list | run | again NAME | claims``."""

import argparse
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dam import arrays
from dam.lab import claims, experiments, results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0, or 1 if a claim fails, nothing is judged, or a result comes out differently; 2 for bad input; 130 after an
    interrupt; 141 where nobody reads the output to its end.
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

    command = commands.add_parser("claims", help="judge what the paper says; exit 1 if a claim fails")
    command.set_defaults(command=show_claims)
    command.add_argument("--results", metavar="DIR", help="judge the results stored there; default: the shipped ones")
    return top


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
    print(claims.text(verdicts))
    surprises = claims.surprises(verdicts)
    if not any(v.seeds for v in verdicts):
        print(f"Nothing is judged: {options.results} holds no result at paper scale, with its parameters.")
        return 1
    print("\n".join(["", "Not as recorded:", *surprises]) if surprises else "All as recorded.")
    return int(bool(surprises))


if __name__ == "__main__":
    sys.exit(main())
