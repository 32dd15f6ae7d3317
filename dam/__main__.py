"""The command line: ``python -m dam list | run | claims``."""

import argparse
import inspect
import shutil
import sys

from dam import arrays
from dam.lab import claims, experiments, results


def main(arguments=None):
    """Run one command and return its exit status: 0, 1 if a claim fails, 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:
        print(f"python -m dam: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("python -m dam: interrupted", file=sys.stderr)
        return 130


def parser():
    """Return the parser of the command line; every parameter of an experiment is an option of its ``run``."""
    top = argparse.ArgumentParser(prog="python -m dam", description="Reproduce Krotov and Hopfield (2016).")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="show every experiment, its claims and about how long each scale takes")
    command.set_defaults(command=list_experiments)

    command = commands.add_parser("run", help="run an experiment and store its result")
    command.set_defaults(command=run)
    names = command.add_subparsers(required=True, metavar="EXPERIMENT", dest="experiment")
    for name in experiments.NAMES:
        module = experiments.module(name)
        one = names.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        one.add_argument("--scale", choices=list(module.SCALES), default="paper", help="default: paper")
        one.add_argument("--seed", type=int, default=0, help="default: 0")
        one.add_argument("--backend", choices=arrays.BACKENDS, help="default: $DAM_BACKEND, else auto")
        one.add_argument(
            "--results", metavar="DIR", help=f"where to write; default here: {results.default_directory()}"
        )
        if "sweep" in inspect.signature(module.run).parameters:
            one.add_argument(
                "--scheduler", metavar="ADDRESS", help="spread the points over a Dask cluster: tcp://host:port"
            )
        one.add_argument("--quiet", action="store_true", help="show no progress bar")
        for key, value in module.SCALES["paper"].items():
            add_parameter(one, key, value, module.SCALES["demo"][key])

    command = commands.add_parser("claims", help="print the paper against ours; exit 1 if a claim fails")
    command.set_defaults(command=show_claims)
    command.add_argument("--results", metavar="DIR", help="judge the results stored there; default: the shipped ones")
    return top


def add_parameter(command, key, value, demo):
    """Add the option for a parameter of an experiment, typed as its value at paper scale or, if None, at demo scale."""
    name, shown = f"--{key.replace('_', '-')}", f"paper scale: {value}".replace("%", "%%")
    kind = demo if value is None else value
    if isinstance(kind, bool):
        command.add_argument(name, dest=key, action=argparse.BooleanOptionalAction, default=None, help=shown)
    elif isinstance(kind, tuple):
        command.add_argument(name, dest=key, type=type(kind[0]), nargs="+", metavar=key, help=shown)
    else:
        command.add_argument(name, dest=key, type=str if kind is None else type(kind), metavar=key, help=shown)


def list_experiments(options):
    """Print every experiment with its parameters, its duration and its claims."""
    for name in experiments.NAMES:
        module = experiments.module(name)
        print(f"{name}: {module.SUMMARY}")
        for scale, parameters in module.SCALES.items():
            settings = ", ".join(f"{key}={value}" for key, value in parameters.items() if value is not None)
            print(f"  {scale:5} about {duration(module.SECONDS[scale]):>7}   {settings}")
        for claim in claims.of(name):
            print(f"  claim {claim.name}: {claim.says} ({claim.where})")
    return 0


def duration(seconds):
    """Return a rough duration in words."""
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


def run(options):
    """Run an experiment, store its result and print the path of its JSON file last."""
    module = experiments.module(options.experiment)
    given = {key: getattr(options, key) for key in module.SCALES["paper"] if getattr(options, key) is not None}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    directory = results.writable(options.results)
    result = experiments.run(
        options.experiment,
        options.scale,
        options.seed,
        options.backend,
        progress=not options.quiet,
        scheduler=getattr(options, "scheduler", None),
        results=directory,
        **given,
    )
    for key, value in result.values.items():
        print(f"{key:36} {value if not isinstance(value, float) else round(value, 5)}")
    path = results.save(result, directory)
    shutil.rmtree(experiments.points_folder(directory, result.name), ignore_errors=True)
    print(path)
    return 0


def show_claims(options):
    """Print every claim of the paper against our stored results."""
    verdicts = claims.judge_stored(options.results)
    print(claims.text(verdicts))
    return int(any(verdict.holds is False for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
