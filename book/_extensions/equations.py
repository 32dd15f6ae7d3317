"""The guided tour: an index equation, function, test, chapter, made from docstrings, tests and notebooks.

``index()`` finds the functions and classes whose docstring names an equation of the paper in its first paragraph;
``uses()`` finds what a test or a notebook calls of the package, by way of its imports. The directive ``{equations}``
puts both into a table.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
from functools import reduce
from pathlib import Path

from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
EQUATIONS = range(1, 15)
NAMED = re.compile(r"eqs?\.\s+(\(\d+\)(?:(?:,\s+|,?\s+and\s+|\s+to\s+|-)\(\d+\))*)")


def numbers(text):
    """Return the equations that a text names: "eq. (4)", "eqs. (5) and (6)", "eqs. (12)-(14)"."""
    found = set()
    for named in NAMED.findall(text or ""):
        for first, last in re.findall(r"\((\d+)\)(?:(?:\s+to\s+|-)\((\d+)\))?", named):
            found.update(range(int(first), int(last or first) + 1))
    return found


def modules():
    """Return the names of all modules of the package, found by walking it."""
    package = importlib.import_module("dam")
    names = ["dam", *(info.name for info in pkgutil.walk_packages(package.__path__, "dam."))]
    return [name for name in names if not name.endswith("__main__")]


def is_private(module):
    """Whether a part of a module's name has a leading underscore."""
    return any(part.startswith("_") for part in module.split("."))


def defined(module):
    """Yield names and objects of the public functions and classes that a module defines."""
    for name, value in vars(importlib.import_module(module)).items():
        own = getattr(value, "__module__", None) == module
        if own and not name.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value)):
            yield f"{module}.{name}", value


def methods(name, cls):
    """Yield names and functions of the public methods of a class."""
    for key, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        if inspect.isfunction(function) and not key.startswith("_"):
            yield f"{name}.{key}", function


def index():
    """Return for each equation the names of the functions and classes of the model that say they are it.

    Experiments and figures, which only mention equations, are left out; methods count where nothing else names it.
    """
    public = [m for m in modules() if not is_private(m) and m.split(".")[1:2] not in (["lab"], ["figures"])]
    things = [thing for module in public for thing in defined(module)]
    inner = [thing for name, value in things if inspect.isclass(value) for thing in methods(name, value)]
    found = {number: [] for number in EQUATIONS}
    for level in (things, inner):
        named = {name: numbers((value.__doc__ or "").split("\n\n")[0]) for name, value in level}
        for number in [number for number in EQUATIONS if not found[number]]:
            found[number] = [name for name, equations in named.items() if number in equations]
    return found


def uses(source):
    """Return the names of what a Python source takes from the package, by way of its imports."""
    tree, imported, found, attributes = ast.parse(source), {}, {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dam":
            module = importlib.import_module(node.module)
            imported |= {alias.asname or alias.name: _member(module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "dam":
                    module = importlib.import_module(alias.name)
                    imported[alias.asname or "dam"] = module if alias.asname else importlib.import_module("dam")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        if isinstance(node, ast.Attribute | ast.Name):
            root, *rest = _parts(node)
            value = reduce(_member, rest, imported.get(root))
            if getattr(value, "__module__", None) and hasattr(value, "__qualname__"):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    inner = [thing for name, value in found.items() if inspect.isclass(value) for thing in methods(name, value)]
    return set(found) | {name for name, _ in inner if name.rpartition(".")[2] in attributes}


def _parts(node):
    """Return ``a.b.c`` as its parts, the first None where it is not a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [getattr(node, "id", None), *parts]


def _member(value, name):
    """Return an attribute of an object, or a module of a package, or None."""
    if inspect.ismodule(value) and not hasattr(value, name):
        try:
            return importlib.import_module(f"{value.__name__}.{name}")
        except ImportError:
            return None
    return getattr(value, name, None)


def short(name):
    """Return a name without the modules that it is in."""
    parts = name.split(".")
    inside = max(n for n in range(1, len(parts)) if ".".join(parts[:n]) in modules())
    return ".".join(parts[inside:])


def tests():
    """Return what each test file uses, by its path from the repository."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    return {path.relative_to(ROOT).as_posix(): uses(path.read_text(encoding="utf8")) for path in paths}


def notebooks():
    """Return the notebooks of the book in the order of the table of contents, as dicts by name."""
    names = re.findall(r"file: ([\w-]+)", (ROOT / "book" / "_toc.yml").read_text(encoding="utf8"))
    paths = {name: ROOT / "book" / f"{name}.ipynb" for name in names}
    return {name: json.loads(path.read_text(encoding="utf8")) for name, path in paths.items() if path.exists()}


def text(notebook, kind):
    """Return the sources of all cells of one kind as one text."""
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind)


def labeled(markdown):
    """Return the equations of the paper that a chapter says it writes: "This is eq. (2) of ...", or in a heading."""
    of_the_paper = (
        rf"{NAMED.pattern}(?=\s+of\s+(?:the paper|\{{cite))|(?:This is|These are|its)\s+{NAMED.pattern}|^#.*$"
    )
    return numbers("\n".join(match[0] for match in re.finditer(of_the_paper, markdown, re.MULTILINE)))


class Equations(SphinxDirective):
    """A table of the equations of the paper: where each is in code, tested, and explained."""

    def run(self):
        tested, chapters = tests(), notebooks()
        called = {name: uses(text(notebook, "code")) for name, notebook in chapters.items()}
        written = {name: labeled(text(notebook, "markdown")) for name, notebook in chapters.items()}
        lines = ["| eq. | in code | tested in | chapters |", "|---|---|---|---|"]
        for number, names in index().items():
            for i, name in enumerate(names):
                files = [path for path, used in tested.items() if name in used]
                near = [path for path in files if path.split("/")[1] == name.split(".")[1]]  # the tests of its room
                pages = [page for page in chapters if name in called[page] or (i == 0 and number in written[page])]
                cells = [
                    "" if i else f"({number})",
                    f"{{obj}}`{short(name)} <{name}>`",
                    ", ".join(map(self.link, near or files)),
                    ", ".join(f"{{doc}}`{page} </{page}>`" for page in pages),
                ]
                lines.append(f"| {' | '.join(cells)} |")
        container = self.state.document.copy()
        self.state.nested_parse(StringList(lines, "equations"), self.content_offset, container)
        return container.children

    def link(self, path):
        """The name of a test file, linked where the repository is known."""
        options, stem = self.config.html_theme_options, Path(path).stem
        if "repository_url" not in options:
            return f"`{stem}`"
        return f"[`{stem}`]({options['repository_url']}/blob/{options['repository_branch']}/{path})"


def setup(app):
    app.add_directive("equations", Equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
