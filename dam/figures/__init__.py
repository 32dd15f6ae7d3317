"""The figures of the book, one module a chapter: NumPy arrays in, a Matplotlib figure out. No numerics.

``figures.xor.cube(...)`` is a figure of the chapter ``xor``; `panels` has what several chapters draw, `style` how all
of it looks, `page` the tables and numbers of a page, `verdicts` the page of claims, `explorer` the figures with
sliders, `simulation` and `walk` those that a script brings to life, `cards` the pictures of the front page. A dict of
panels is drawn in its order. All modules are loaded with the package; none is named here.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
