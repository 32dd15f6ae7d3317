"""Calls spread over the workers of a Dask cluster: of this very code, and never waited for in vain."""

import logging
import time
import warnings
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

    A call that dies with its worker is made again by another. A worker that joins later and has other code, or no
    ``dam``, makes no call: a ``RuntimeWarning`` says what it has, and it is stopped. Raises what a call raises, and
    ``OSError`` if no scheduler answers at the address. ``RuntimeError`` says what is missing: the package
    ``distributed``, ``dam`` on the scheduler or a worker, there the same code as here, a worker that is there and free,
    the scheduler.
    """
    with _connected(address) as client:
        from distributed.protocol.pickle import dumps

        _check_code(client)
        done: SimpleQueue = SimpleQueue()
        todo = {}

        def submit(content):
            future = client.submit(_checked, CODE, content, pure=False)
            todo[future.key] = future, content
            future.add_done_callback(done.put)

        for call in calls:
            submit(dumps((function, call)))
        while todo:
            future = _next(done, client, todo.keys())
            _, content = todo.pop(future.key)
            if refused := _refused(future):
                _stop(client, *refused)
                submit(content)
            else:
                yield _outcome(future)


def _sent_whole():
    """Return two functions that Dask sends whole, as no module has them: they run also where there is no ``dam``."""

    def code():
        try:
            from dam.lab.cluster import CODE
        except ImportError as error:
            return f"an import that fails ({error})"
        return CODE

    def checked(wanted, content):  # the worker may have joined after the others were asked
        import pickle

        from distributed import get_worker

        if (found := code()) != wanted:
            raise RuntimeError("refused", get_worker().address, found)
        function, call = pickle.loads(content)
        return function(*call)

    return code, checked


_code, _checked = _sent_whole()


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

    try:
        found = client.run_on_scheduler(_code, callback_timeout=PATIENCE)
        workers = client.run(_code, on_error="return", callback_timeout=PATIENCE)
    except TimeoutError:
        raise RuntimeError(f"the scheduler or a worker does not answer in {PATIENCE:g} s; start it again") from None
    if not found.startswith("dam "):  # any will do: it makes no call
        raise RuntimeError(f"the scheduler has {found}; install dam there, and start the scheduler again")
    for worker, found in workers.items():
        if found != CODE and not isinstance(found, OSError):  # a worker that has gone gets no call
            raise RuntimeError(f"the worker {worker} has {found}, this run {CODE}; {SAME}")


def _refused(future):
    """Return the address of a worker that made no call, and what it has; nothing if it made the call."""
    said = future.exception().args if future.status == "error" else ()
    return said[1:] if said[:1] == ("refused",) else ()


def _stop(client, worker, found):
    """Warn of a worker with other code, and take it out of the cluster: it would take call after call."""

    async def remove(dask_scheduler):
        await dask_scheduler.remove_worker(worker, stimulus_id="dam", expected=True)

    warnings.warn(
        f"the worker {worker} has {found}, this run {CODE}: it is stopped, the others go on; {SAME}",
        RuntimeWarning,
        stacklevel=3,
    )
    _on_scheduler(client, remove)


def _next(done, client, keys):
    """Return the next future that is done; raise ``RuntimeError`` if no worker does one, or the scheduler has gone."""

    def doing(dask_scheduler):  # what was only given to a worker waits there behind other work, perhaps for ever
        workers = dask_scheduler.workers.values()
        return len(workers), [task.key for one in workers for task in one.executing]

    last = time.monotonic()
    while True:
        with suppress(Empty):
            return done.get(timeout=min(1, PATIENCE / 4))
        workers, executing = _on_scheduler(client, doing)
        if not keys.isdisjoint(executing):
            last = time.monotonic()
        elif time.monotonic() - last > PATIENCE:
            why = f"none of its {workers} workers is free (they do other work, or their memory is full)"
            raise RuntimeError(
                f"the cluster does nothing: {why if workers else 'no workers are left'}; "
                f"start some with python -m dask worker {client.scheduler.address} --nthreads 1"
            )


def _on_scheduler(client, function):
    try:
        return client.run_on_scheduler(function, callback_timeout=PATIENCE / 2)
    except OSError as error:
        raise _gone(client, str(error)) from None


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
