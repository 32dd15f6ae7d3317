"""Let docstrings hold formulas: |x| is an absolute value and not a reStructuredText substitution."""


def escape_bars(app, what, name, obj, options, lines):
    """Escape the bars of every line outside of ``literals`` and doctests."""
    for i, line in enumerate(lines):
        if "|" in line and not line.lstrip().startswith((">>>", "...")):
            parts = line.split("``")
            parts[::2] = [part.replace("|", "\\|") for part in parts[::2]]
            lines[i] = "``".join(parts)


def setup(app):
    app.connect("autodoc-process-docstring", escape_bars, priority=900)  # after napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
