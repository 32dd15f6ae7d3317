"""The project as a whole: pinned requirements, workflows, notebooks, sizes, and stale numbers."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import licenses
import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
MOVING = r"Explorer\(|figures\.(?:simulation|walk)\."  # they bring text alternatives of their own
PAGES = re.findall(r"file: ([\w-]+)", (ROOT / "book" / "_toc.yml").read_text(encoding="utf8"))


def tracked():
    """The files that git knows or would take; every file outside a checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = done.stdout.split("\n") if done.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def source(cell):
    return "".join(cell["source"])


# requirements and workflows


def normal(name):
    return re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-")


def pinned(name):
    """{package: version} of a list of pins; every package in it has a version and hashes."""
    found = {}
    for line in (ROOT / name).read_text().replace(" \\\n", "").splitlines():
        if not line.lstrip().startswith("#"):
            pin, *hashes = line.split("    --hash=sha256:")
            match = re.fullmatch(r"([\w.-]+)(?:\[[\w,.-]+\])?==([^ ;]+)( ; .+)?", pin)
            assert match and hashes and all(re.fullmatch("[0-9a-f]{64}", text) for text in hashes), line
            found[normal(match[1])] = match[2]
    return found


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = ["requirements.txt", ".binder/requirements.txt", "tests/sphinx9.txt", "tests/lite.txt", "tests/tools.txt"]


def test_requirements_pin_everything_that_pyproject_names():
    named = PROJECT["dependencies"] + EXTRAS["book"] + EXTRAS["test"]
    assert {normal(name) for name in named} <= set(pinned("requirements.txt"))


@pytest.mark.parametrize("name", PINS)
def test_pins_have_hashes_and_name_no_host_and_no_folder(name):
    assert pinned(name)
    text = (ROOT / name).read_text()
    assert "file:" not in text and "/" not in text


def test_all_that_is_installed_from_pins_is_checked_by_hashes():
    text = "".join((ROOT / name).read_text() for name in ("Makefile", ".binder/postBuild"))
    for line in re.findall(r".*pip install.*", text):
        known = ("--require-hashes --requirement ", "--no-deps --no-build-isolation --editable .", ".outside/")
        assert any(option in line for option in known), line  # the last is what a reader has, who has no pins


def test_binder_installs_what_a_reader_needs_and_no_tools():
    found = pinned(".binder/requirements.txt")
    needed, tools = (
        {normal(name) for name in names} for names in (PROJECT["dependencies"] + EXTRAS["reader"], EXTRAS["test"])
    )
    assert needed <= set(found) and not found.keys() & (tools | {"jupyter-book"})
    assert (ROOT / ".binder/runtime.txt").read_text() == "python-3.12\n"
    assert (ROOT / ".binder/postBuild").stat().st_mode & 0o111


def test_the_environment_of_sphinx_9_has_no_jupyter_book():
    found = pinned("tests/sphinx9.txt")
    assert found["sphinx"].split(".")[0] == "9" and "jupyter-book" not in found
    named = [line for line in (ROOT / "tests/sphinx9.in").read_text().splitlines() if line[0] != "#"]
    left_out = {"hatchling", "jupyter-book", "jupyterlab"}
    names = {normal(name) for name in named}
    assert {normal(name) for name in EXTRAS["book"]} - left_out <= names <= set(found)


def test_jupyterlite_is_added_to_the_environment_without_changing_it():
    have, more = pinned("requirements.txt"), pinned("tests/lite.txt")
    assert {normal(name) for name in EXTRAS["lite"]} <= set(more)
    assert all(have[name] == version for name, version in more.items() if name in have)


def test_licenses_of_all_packages_are_listed_and_go_with_ours():
    listed = re.findall(r"^\| ([\w-]+) \| ", (ROOT / "LICENSES.md").read_text(encoding="utf8"), flags=re.M)
    everywhere = {name for name, always in licenses.pinned().items() if always}
    assert everywhere <= set(listed) - {"package"} <= set(licenses.pinned()), "make audit renews the list"
    found = licenses.installed()
    assert found and not licenses.incompatible(found)


@pytest.mark.parametrize("text", ["GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "unknown", "", "LicenseRef-Proprietary"])
def test_other_licenses_are_found(text):
    assert licenses.incompatible({"some-package": text}) == {"some-package": text}


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


DEPENDABOT = [ROOT / ".github/dependabot.yml"]


@pytest.mark.parametrize("kind, paths", [("github-workflows", WORKFLOWS), ("dependabot", DEPENDABOT)])
def test_workflows_fit_their_schema(kind, paths):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_cover_every_python_and_use_the_makefile():
    text = (ROOT / ".github/workflows/test.yml").read_text()
    assert all(f'"{version}"' in text for version in ("3.11", "3.12", "3.13")) and "make test" in text
    nox = re.findall(r'"(3\.\d+)"', (ROOT / "noxfile.py").read_text())
    weekly = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text())["jobs"]["versions"]["steps"]
    assert sorted(weekly[1]["with"]["python-version"].split()) == sorted(set(nox))
    makefile = (ROOT / "Makefile").read_text()
    targets = {target for path in WORKFLOWS for target in re.findall(r"run: make ([\w-]+)", path.read_text())}
    needed = {"test", "lite", "test-pages", "test-long", "test-versions", "coverage", "audit"}
    assert needed <= targets <= set(re.findall(r"^([\w-]+):", makefile, flags=re.M))
    assert re.search(r"^lite: book$", makefile, flags=re.M)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_have_the_least_permissions_and_pinned_actions(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        publishes = any("deploy-pages" in step.get("uses", "") for step in job["steps"])
        assert job.get("permissions") == ({"pages": "write", "id-token": "write"} if publishes else None)
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
    for line in re.findall(r"uses: .*", path.read_text()):
        assert re.fullmatch(r"uses: actions/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line), line


def test_citation_fits_its_schema():
    schema = ["--builtin-schema", "vendor.citation-file-format", str(ROOT / "CITATION.cff")]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# notebooks


def test_every_page_is_in_the_table_of_contents():
    pages = {path.stem for ending in ("ipynb", "md") for path in (ROOT / "book").glob(f"*.{ending}")}
    assert pages == {"index", *PAGES}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_clean(path):
    notebook = json.loads(path.read_text(encoding="utf8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code), "outputs are stored"
    assert max(len(source(cell).splitlines()) for cell in code) <= 30
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"]), "two cells of one id"
    hidden = [source(cell) for cell in code if "remove-cell" in cell["metadata"].get("tags", [])]
    assert any("assert " in text for text in hidden), "the chapter asserts nothing"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_has_caption_name_and_alt_text(path):
    notebook = json.loads(path.read_text(encoding="utf8"))
    names, figures = [], ROOT / "dam" / "figures" / f"{path.stem}.py"
    for cell in notebook["cells"]:
        metadata, text = cell.get("metadata", {}), source(cell)
        tags = metadata.get("tags", [])
        figure = metadata.get("mystnb", {}).get("figure")
        if cell["cell_type"] == "code" and figure:
            names.append(figure["name"])
            assert figure["caption"]
            named = re.search(MOVING, text) and re.search(r"\balt\b|figures\.walk\.", text)  # a walk has its own
            assert named or metadata["mystnb"]["image"]["alt"], text
        elif cell["cell_type"] == "code" and "remove-cell" not in tags:
            assert not re.search(rf"plt\.show\(|{MOVING}", text), f"a figure without caption and alt text:\n{text}"
    assert len(names) == len(set(names)) and (names or not figures.exists())


# the package


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exercise_has_a_solution_that_begins_and_ends(path):
    text = "\n".join(source(cell) for cell in json.loads(path.read_text(encoding="utf8"))["cells"])
    labels = re.findall(r"{exercise(?:-start)?}[^\n]*\n:label: (\S+)", text)
    assert re.findall(r"{solution(?:-start)?} (\S+)", text) == labels
    gates = re.findall(r"{solution-(start|end)}", text)
    assert gates == ["start", "end"] * (len(gates) // 2)


def public(body):
    """The public functions of a module or class, with those of its public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name[0] != "_":
            yield from public(node.body)
        elif isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__init__"):
            yield node


def half_typed(function):
    """Whether a function lacks the type of its result or of an argument; `self` and `cls` need none."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return function.returns is None or any(
        each is not None and each.annotation is None and each.arg not in {"self", "cls"} for each in named
    )


TYPED = "dam"  # dam, when all rooms are


@pytest.mark.parametrize("path", sorted((ROOT / TYPED).rglob("[!_]*.py")), ids=lambda path: path.stem)
def test_public_functions_have_types(path):
    found = [node.name for node in public(ast.parse(path.read_text(encoding="utf8")).body) if half_typed(node)]
    assert not found


def test_types_that_lack_are_found():
    code = "def a(x): ...\ndef b(x: int) -> int: ...\ndef c(*x) -> int: ...\ndef _d(x): ..."
    code += "\nclass E:\n    def __init__(self, x: int): ...\n    def f(self) -> int: ...\n    def _g(self): ..."
    assert [node.name for node in public(ast.parse(code).body) if half_typed(node)] == ["a", "c", "__init__"]


def test_package_with_its_data_is_under_40_mb():
    files = [path for path in tracked() if (ROOT / "dam") in path.parents]
    assert sum(path.stat().st_size for path in files) < 40e6


def test_importing_the_package_needs_no_cupy_and_no_book():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['cupy', 'IPython', 'ipywidgets', 'myst_nb', 'sphinx'])); "
        "import dam; from dam import figures, lab; from dam.lab import claims, experiments; "
        "from dam.figures import explorer; print(dam.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_links_and_paths_exist():
    text = (ROOT / "README.md").read_text(encoding="utf8")
    for name in re.findall(r"`((?:book|dam|tests|benchmarks)/[\w./-]*|[A-Z][A-Z-]+(?:\.cff)?)`", text):
        if name not in {"DAM_BACKEND", "NPZ", "JSON"}:
            assert (ROOT / name).exists(), name


def test_no_machine_path_and_no_registry_in_the_files():
    words = ["/" + "work/", "/ro" + "ot/", "pypi" + ".org", "registry.npm" + "js", "deb.deb" + "ian"]
    for path in tracked():
        if path.suffix in {".py", ".md", ".ipynb", ".yml", ".toml", ".txt", ".cff", ".json", ".js", ".css", ".bib", ""}:
            text = path.read_bytes().decode("utf8", errors="ignore")
            assert not [word for word in words if word in text], path


# stale numbers


def freshness():
    spec = importlib.util.spec_from_file_location("freshness", ROOT / "book/_extensions/freshness.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["dam/number.py", "dam/data/stored.npz", "requirements.txt", "pyproject.toml"])
def test_fingerprint_follows_everything_that_numbers_depend_on(tmp_path, name):
    for other in ("dam/number.py", "dam/data/stored.npz", "requirements.txt", "pyproject.toml", "book/page.md"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text("x")
    before = freshness().fingerprint(tmp_path)
    (tmp_path / "book/page.md").write_text("y")
    assert freshness().fingerprint(tmp_path) == before
    (tmp_path / name).write_text("y")
    assert freshness().fingerprint(tmp_path) != before


def test_a_change_in_the_package_changes_the_numbers_in_the_book(tmp_path):
    """Build a one-page book twice with a change of the package in between: the second page shows the new number."""
    book = tmp_path / "book"
    shutil.copytree(ROOT / "book" / "_extensions", book / "_extensions")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    (tmp_path / "dam").mkdir()
    cell = {"cell_type": "code", "execution_count": None, "id": "one", "metadata": {}, "outputs": []}
    cell["source"] = ["import sys\n", "sys.path.insert(0, '..')\n", "from dam import number\n", "print(number.N)"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    title = {"cell_type": "markdown", "id": "two", "metadata": {}, "source": ["# Page"]}
    notebook = {"cells": [title, cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (book / "index.ipynb").write_text(json.dumps(notebook))
    (book / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (tmp_path / "_config.yml").write_text(
        "execute:\n  execute_notebooks: cache\nsphinx:\n  local_extensions:\n    freshness: book/_extensions\n"
    )
    options = ["book", "--config", "_config.yml", "--path-output", "."]
    if not (Path(sys.executable).parent / "jupyter-book").exists():
        pytest.skip("Jupyter Book is not installed")
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build", *options]
    for number in (271828, 314159):
        (tmp_path / "dam" / "number.py").write_text(f"N = {number}\n")
        (tmp_path / "dam" / "__init__.py").write_text("")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        page = (tmp_path / "_build" / "html" / "index.html").read_text(encoding="utf8")
        assert f"{number}\n" in page
    assert len(list((tmp_path / "_build" / ".cache").glob("*")) + list((tmp_path / "_build" / "cache").glob("*"))) == 1
