"""How to cite the book, in every form, from one source: ``CITATION.cff``.

The directive ``citation`` shows the entry as BibTeX or as APA. ``python book/_extensions/citing.py`` writes
``codemeta.json`` and ``.zenodo.json``, which catalogs of software read.
"""

import json
from datetime import date
from pathlib import Path

import yaml
from docutils import nodes
from pybtex.database import Entry, Person
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
KEY = "dam_book"


def source(root=ROOT):
    """Return the content of ``CITATION.cff`` as a dict."""
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf8"))


def authors(cff):
    """Return the names of the authors: of a group as it is, of a person "Family, Given"."""
    return [who.get("name") or f"{who['family-names']}, {who['given-names']}" for who in cff["authors"]]


def released(cff):
    """Return the date of the version, which YAML may give as a date or as text."""
    return date.fromisoformat(str(cff["date-released"]))


def bibtex(cff, address=None):
    """Return the BibTeX entry, with the address of the pages where it is known."""
    fields = {"title": f"{{{cff['title']}}}", "year": str(released(cff).year), "note": f"Version {cff['version']}"}
    if address:
        fields["url"] = address
    people = [Person(last=f"{{{name}}}") if "," not in name else Person(name) for name in authors(cff)]
    entry = Entry("misc", fields, {"author": people})
    entry.key = KEY
    return entry.to_string("bibtex")


def apa(cff, address=None):
    """Return the entry in the style of the American Psychological Association, as text."""
    year, who = released(cff).year, ", ".join(authors(cff))
    text = f"{who}. ({year}). {cff['title']} (Version {cff['version']}) [Computer software]."
    return f"{text} {address}" if address else text


def codemeta(cff):
    """Return the description of CodeMeta 3.0 as a dict."""
    names = [{"@type": "Organization", "name": who["name"]} for who in cff["authors"]]
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": cff["title"],
        "description": cff["abstract"],
        "version": cff["version"],
        "dateModified": released(cff).isoformat(),
        "license": f"https://spdx.org/licenses/{cff['license']}",
        "author": names,
        "keywords": cff["keywords"],
        "programmingLanguage": "Python",
        "referencePublication": [
            {"@type": "ScholarlyArticle", "name": work["title"], "identifier": work["identifiers"][0]["value"]}
            for work in cff["references"]
        ],
    }


def zenodo(cff):
    """Return the description that Zenodo takes for a new release, as a dict."""
    cited = [mark["value"] for work in cff["references"] for mark in work["identifiers"]]
    return {
        "title": cff["title"],
        "description": f"<p>{cff['abstract']}</p>",
        "upload_type": "software",
        "access_right": "open",
        "license": cff["license"],
        "version": cff["version"],
        "publication_date": released(cff).isoformat(),
        "creators": [{"name": name} for name in authors(cff)],
        "keywords": cff["keywords"],
        "related_identifiers": [{"identifier": mark, "relation": "isSupplementTo"} for mark in cited],
    }


FILES = {"codemeta.json": codemeta, ".zenodo.json": zenodo}


def as_json(description):
    """Return a description as the text of its file."""
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


class Citation(SphinxDirective):
    """The entry to copy: ``bibtex`` or ``apa``."""

    required_arguments = 1

    def run(self):
        form = {"bibtex": bibtex, "apa": apa}[self.arguments[0]]
        text = form(source(), self.config.html_baseurl)
        block = nodes.literal_block(text, text, language="bibtex" if form is bibtex else "text")
        block["classes"] += ["citation"]
        return [block]


def setup(app):
    app.add_directive("citation", Citation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for name, describe in FILES.items():
        (ROOT / name).write_text(as_json(describe(source())), encoding="utf8")
