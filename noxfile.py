"""The tests of the package under every Python, with the newest and with the oldest libraries: make test-versions."""

import nox

nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"  # what is not there is skipped, and said
nox.options.error_on_missing_interpreters = False
nox.options.envdir = "_build/versions"

NEWEST = [(version, "highest") for version in ("3.11", "3.12", "3.13", "3.14")]
OLDEST = [("3.11", "lowest-direct")]  # newer Pythons have no wheels of libraries that old
APART = [f"--ignore=tests/{name}" for name in ("book", "test_project.py", "test_citing.py", "test_benchmarks.py")]


@nox.session
@nox.parametrize("python, resolution", NEWEST + OLDEST, ids=[" ".join(pair) for pair in NEWEST + OLDEST])
def versions(session, resolution):
    """Install what the bounds allow, print it, and run the tests that need no page of the book."""
    session.install("--upgrade", f"--resolution={resolution}", "--editable", ".[reader,test]")
    session.run("uv", "pip", "list", external=True)
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    session.run("python", "-m", "pytest", *(session.posargs or ("-n", "2", "tests", *APART)), env=one_thread)
