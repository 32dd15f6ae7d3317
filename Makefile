# make book · make test · make lab · make bench · make clean: each makes the environment it needs first.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= python3
COLAB_PYTHON ?= python3.13
VENV   ?= .venv
RUN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
export DAM_BACKEND ?= auto
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help book lite pdf students test test-long test-versions test-pages mutants coverage audit alone colab sphinx9 \
  lint lab bench screenshots requirements citation clean FORCE

help:
	@echo "make book          build the book and say where to open it"
	@echo "make lite          build the book with notebooks that run in the reader's browser"
	@echo "make pdf           print the built book into _build/html/book.pdf (needs Chromium)"
	@echo "make students      build the student edition: no solutions, exercises that check themselves"
	@echo "make test          style, unit, property, notebook and browser tests"
	@echo "make test-long     the tests that take hours: every property over 2000 examples, kills, fuzzed files"
	@echo "make test-versions the tests of the package with every Python, the newest and the oldest libraries"
	@echo "make coverage      the share of lines and branches of dam that the tests run"
	@echo "make audit         licenses and known weaknesses of what is installed (asks a service)"
	@echo "make mutants       which small changes of the formulas no test notices: an hour or more"
	@echo "make test-pages    the tests of the built pages alone (needs Chromium)"
	@echo "make sphinx9       build the book with Sphinx 9, without Jupyter Book"
	@echo "make alone         run the notebooks of the built book in an environment with the package alone"
	@echo "make colab         run them with the packages that Google Colab has (needs Python 3.13)"
	@echo "make lab           open the notebooks in JupyterLab"
	@echo "make bench         print the benchmarks"
	@echo "make screenshots   pictures of every built page: light, dark, phone (needs Chromium)"
	@echo "make requirements  renew requirements.txt and the other lists of pins"
	@echo "make citation      renew codemeta.json and .zenodo.json from CITATION.cff"
	@echo "make clean         remove all that was made"

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	$(RUN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The pages depend on these files, and on INPUTS, which holds their names and what else goes into the pages and is
# renewed when that changes.
PAGES  := $(sort $(shell find book dam tests -type f ! -path "*/__pycache__/*" ! -path "*/.ipynb_checkpoints/*")) \
          $(wildcard *.md *.cff *.toml *.txt *.yml) Makefile
INPUTS := _build/.inputs

$(INPUTS): FORCE
	@mkdir -p $(@D)
	@{ echo "$(DAM_BACKEND) $(GITHUB_REPOSITORY) $(GITHUB_REF_NAME) $(BOOK_ADDRESS)"; git remote get-url origin; git branch --show-current; \
	   echo "$(PAGES)"; } > $@.new 2>/dev/null || true
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Notebooks that changed are executed first, two at a time, and kept in _build/.cache under a fingerprint of the package
# and the requirements (book/_extensions/freshness.py). The pages are always made from clean, for a second, incremental
# -W build passes though the first failed; `.whole` is written when all of it has passed.
book: _build/html/.whole
	@echo "The book is up to date: open $(CURDIR)/_build/html/index.html"

_build/html/.whole: $(STAMP) $(PAGES) $(INPUTS)
	rm -rf _build/html _build/.doctrees _build/jupyter_execute
	$(RUN)/python book/execute.py book
	$(RUN)/jupyter-book build book --config _config.yml --path-output . -W -n --keep-going
	$(RUN)/python book/slides.py _build/html
	$(RUN)/python book/alone.py _build/html
	@touch $@

# The way out of Jupyter Book 1, which is in maintenance: the same sources with Sphinx 9 alone, from its configuration.
sphinx9: $(STAMP)
	$(PYTHON) -m venv --clear _build/sphinx9/venv
	_build/sphinx9/venv/bin/python -m pip install --quiet --require-hashes --requirement tests/sphinx9.txt
	$(RUN)/jupyter-book config sphinx book --config _config.yml
	sed "s/'jupyter_book', //" conf.py > _build/sphinx9/conf.py && rm conf.py
	ln -sfn ../../book/_static ../../book/refs.bib _build/sphinx9/
	rm -rf _build/sphinx9/html _build/sphinx9/.doctrees
	PYTHONPATH=.:book/_extensions _build/sphinx9/venv/bin/python -m sphinx -d _build/sphinx9/.doctrees \
	  -c _build/sphinx9 -W -n --keep-going book _build/sphinx9/html

# The book, and its notebooks to run in the reader's browser (JupyterLite).
lite: book
	$(RUN)/python -m pip install --quiet --require-hashes --requirement tests/lite.txt
	$(RUN)/python book/lite.py _build/html

# Minutes, so not a part of make book; it prints what make book has built.
pdf: $(STAMP)
	$(RUN)/python book/pdf.py _build/html

# The same book without solutions; exercises in code have a cell that checks the answer.
students: _build/students/_build/html/.whole
	@echo "The student edition is up to date: open $(CURDIR)/_build/students/_build/html/index.html"

_build/students/_build/html/.whole: $(STAMP) $(PAGES) $(INPUTS)
	rm -rf _build/students/book _build/students/_build/html _build/students/_build/.doctrees
	$(RUN)/python book/students.py _build/students/book
	cp CITATION.cff CHANGELOG.md _build/students/
	$(RUN)/python book/execute.py _build/students/book
	$(RUN)/jupyter-book build _build/students/book --config _config.yml --path-output _build/students -W -n --keep-going
	$(RUN)/python book/slides.py _build/students/_build/html
	$(RUN)/python book/alone.py _build/students/_build/html
	@touch $@

lint: $(STAMP)
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/lint-imports
	$(RUN)/mypy
	$(RUN)/codespell

# Two workers with one BLAS thread each, the long notebooks first: as a reader sees them, in a folder with nothing else.
# Building the book runs them whole, with their hidden assertions.
test: lint
	rm -rf .alone
	$(RUN)/python tests/book/visible.py .alone
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(RUN)/python -m pytest -n 2 --dist worksteal --nbmake .alone tests

# What takes too long for every change: properties over 2000 examples, kills, fuzzed files.
test-long: $(STAMP)
	HYPOTHESIS_PROFILE=long OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	  $(RUN)/python -m pytest -n 2 --dist worksteal -m "long or not long" tests --ignore tests/book

# Small changes of the code, one at a time: each should fail a test. tests/mutants.md explains those that do not.
mutants: $(STAMP)
	HYPOTHESIS_PROFILE=mutants OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(RUN)/python -m mutmut run --max-children 2
	$(RUN)/python -m mutmut results

# What looks at the project from outside its environment: nox and pip-audit.
TOOLS := _build/tools
$(TOOLS)/.installed: tests/tools.txt
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

# make test-versions PYTEST="tests/memory" runs those tests alone. A Python that is not on the PATH is skipped, and said.
test-versions: $(TOOLS)/.installed
	$(TOOLS)/bin/nox --session versions -- $(PYTEST)

# Likewise make coverage PYTEST="tests/memory --cov-fail-under=0".
coverage: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(RUN)/python -m pytest -n 2 --dist worksteal --cov=dam $(or $(PYTEST),tests --ignore tests/book)

# pip-audit asks a service on the network, so this is no part of make test; a package that it cannot ask about fails.
audit: $(STAMP) $(TOOLS)/.installed
	$(RUN)/python tests/licenses.py > LICENSES.md
	$(RUN)/python -m pip check
	$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt

# The notebooks that the pages offer, each in an empty folder, in an environment of their own; $(1) is its Python,
# $(2) what it has besides the package. The constraints let pip fail rather than replace what was there.
define run_outside
	@ls _build/html/notebooks/*.ipynb > /dev/null || { echo "the book is not built: make book"; exit 1; }
	rm -rf .outside
	$(1) -m venv .outside/venv
	.outside/venv/bin/python -m pip install --quiet ipykernel $(2)
	cp -r _build/html/notebooks .outside/notebooks
	.outside/venv/bin/python -m pip freeze > .outside/before.txt
	.outside/venv/bin/python -m pip install --quiet --constraint .outside/before.txt .outside/notebooks/*.whl
	.outside/venv/bin/python -m ipykernel install --prefix .outside/venv --name outside
	JUPYTER_PATH=$(CURDIR)/.outside/venv/share/jupyter OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	  OUTSIDE=$(CURDIR)/.outside/notebooks KERNEL=outside \
	  $(RUN)/python -m pytest -n 2 --dist worksteal -rP -m long tests/book/test_outside.py
endef

alone: $(STAMP)
	$(call run_outside,$(PYTHON),ipywidgets)

colab: $(STAMP)
	$(call run_outside,$(COLAB_PYTHON),--requirement tests/colab.txt)

lab: $(STAMP)
	$(RUN)/jupyter lab book

# What .ci/run does after make book, for the pages alone; make test skips these where nothing is built.
test-pages: $(STAMP)
	$(RUN)/python -m pytest -n 2 --dist worksteal tests/book

bench: $(STAMP)
	$(RUN)/python benchmarks/retrieval.py
	$(RUN)/python benchmarks/training.py

screenshots: $(STAMP)
	$(RUN)/python tests/book/screenshots.py _build/html _build/screenshots

# Pins that still fit are kept: delete a file to renew all of it. LINUX is what Binder and the weekly runs have.
LOCK  := $(RUN)/uv pip compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
         --custom-compile-command "make requirements"
LINUX := --python-version 3.12 --python-platform linux --no-annotate
EVERY := --python-version 3.11 --universal
requirements: $(STAMP)
	$(LOCK) $(EVERY) --extra book --extra test pyproject.toml --output-file requirements.txt
	$(LOCK) $(EVERY) --no-annotate --extra lite pyproject.toml --constraint requirements.txt --output-file tests/lite.txt
	$(LOCK) $(EVERY) --no-annotate tests/tools.in --output-file tests/tools.txt
	$(LOCK) $(LINUX) --extra reader pyproject.toml --constraint requirements.txt --output-file .binder/requirements.txt
	$(LOCK) $(LINUX) tests/sphinx9.in --output-file tests/sphinx9.txt

citation: $(STAMP)
	$(RUN)/python book/_extensions/citing.py

clean:
	rm -rf _build .alone .outside .coverage* mutants $(VENV) build dist .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
