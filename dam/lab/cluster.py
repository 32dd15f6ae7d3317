"""Calls spread over the workers of a Dask cluster: of this very code, and never waited for in vain."""

import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from dam.lab.results import code_digest

CODE = f"dam {code_digest()[:12]} and NumPy {np.__version__}"
"""What computes here, as it was when it was imported."""
PATIENCE = 30.0
"""Seconds for which a cluster may do nothing of ours: a worker that died starts again in less, and imports dam."""
SAME = "give all workers the same code and libraries, and start them again"


def outcomes(address: str, function: Callable, calls: Iterable[tuple]) -> Iterator[Any]:
    """Yield ``function(*call)`` for each of the calls, as the workers finish them.

    A call that dies with its worker is made again by another. Raises what a call raises, and ``OSError`` if no
    scheduler answers at the address. ``RuntimeError`` says what is missing: the package ``distributed``, ``dam`` on the
    scheduler or a worker, there the same code as here, a worker that is there and free, the scheduler.
    """
    with _connected(address) as client:
        _check_code(client)
        done: SimpleQueue = SimpleQueue()
        futures = [client.submit(_checked, CODE, function, call, pure=False) for call in calls]
        for future in futures:
            future.add_done_callback(done.put)
        keys = {future.key for future in futures}
        for _ in futures:
            yield _outcome(_next(done, client, keys))


def _checked(code: str, function: Callable, call: tuple) -> Any:
    """Call a function on a worker, which may have joined after the others were asked."""
    if code != CODE:
        raise RuntimeError(f"a worker on {platform.node()} has {CODE}, this run {code}; {SAME}")
    return function(*call)


@contextmanager
def _connected(address):
    try:
        from distributed import Client
    except ImportError:
        raise RuntimeError("a scheduler needs distributed; install it with pip install distributed") from None
    try:
        client = Client(address, timeout=PATIENCE / 2)
    except (ValueError, AssertionError, OSError) as error:  # AssertionError: an address without a host
        reason = error if str(error) else "it names no host"
        raise OSError(
            f"no Dask scheduler at {address!r} ({reason}); give the address that it printed when it started, "
            "tcp://host:port"
        ) from None
    with _quiet(), client:
        yield client


@contextmanager
def _quiet():
    """Let Dask write no tracebacks of its own when a connection is lost: the error that is raised says so."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _check_code(client):
    """Raise ``RuntimeError`` unless the scheduler knows ``dam`` and all workers have this code."""

    def code():  # not a function of the module: it is sent whole, and runs also where there is no dam
        try:
            from dam.lab.cluster import CODE
        except ImportError as error:
            return f"an import that fails ({error})"
        return CODE

    try:
        found = client.run_on_scheduler(code, callback_timeout=PATIENCE)
        workers = client.run(code, on_error="return", callback_timeout=PATIENCE)
    except TimeoutError:
        raise RuntimeError(f"the scheduler or a worker does not answer in {PATIENCE:g} s; start it again") from None
    if not found.startswith("dam "):  # it needs to know the functions, not to run them
        raise RuntimeError(f"the scheduler has {found}; install dam there, and start the scheduler again")
    for worker, found in workers.items():
        if found != CODE and not isinstance(found, OSError):  # a worker that has gone gets no call
            raise RuntimeError(f"the worker {worker} has {found}, this run {CODE}; {SAME}")


def _next(done, client, keys):
    """Return the next future that is done; raise ``RuntimeError`` if no worker does one, or the scheduler has gone."""

    def doing(dask_scheduler):  # what was only given to a worker waits there behind other work, perhaps for ever
        workers = dask_scheduler.workers.values()
        return len(workers), [task.key for one in workers for task in one.executing]

    last = time.monotonic()
    while True:
        with suppress(Empty):
            return done.get(timeout=min(1, PATIENCE / 4))
        try:
            workers, executing = client.run_on_scheduler(doing, callback_timeout=PATIENCE / 2)
        except OSError as error:
            raise _gone(client, str(error)) from None
        if not keys.isdisjoint(executing):
            last = time.monotonic()
        elif time.monotonic() - last > PATIENCE:
            why = f"none of its {workers} workers is free (they do other work, or their memory is full)"
            raise RuntimeError(
                f"the cluster does nothing: {why if workers else 'no workers are left'}; "
                f"start some with python -m dask worker {client.scheduler.address}"
            )


def _outcome(future):
    """Return what a call gave, or raise what it raised; troubles of the cluster as ``RuntimeError``."""
    from distributed import KilledWorker

    if future.status == "cancelled":  # codespell:ignore
        raise _gone(future.client, "connection lost")
    try:
        return future.result()
    except ImportError as error:
        raise RuntimeError(f"a worker lacks what it needs ({error}); {SAME}") from error
    except KilledWorker as error:
        raise RuntimeError(f"{error} A point may need more memory than a worker has.") from error


def _gone(client, error):
    return RuntimeError(f"the scheduler {client.scheduler.address} has gone ({error}); start it and its workers again")
