# truce_sim: `make demo` runs the main study, `make test` runs everything.
# Each target sets itself up: .venv is created once and updated when dependencies change.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV    ?= .venv
WORKERS ?= logical
ARGS    ?=

# The supported versions, the preferred one first.
PYTHONS := 3.13 3.12 3.11

# Both are empty if no interpreter is found; setup then says what is missing.
ifeq ($(PYTHON),)
PYTHON := $(shell tools/find-python $(PYTHONS) 2>/dev/null)
endif
ifneq ($(PYTHON),)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif

# Keep bytecode from the first import of each library: compiling all of it takes half a minute.
unexport PYTHONDONTWRITEBYTECODE

# The demo needs less than the tests. Setting up compiles the rules, so that the first run need not,
# and those that the viewer steps through, so that its first visitor need not wait.
# The stamps include the version, so that a different PYTHON recreates the environment.
RUNS   := $(VENV)/.runs-$(VERSION)
READY  := $(VENV)/.ready-$(VERSION)
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip -qq --no-input --disable-pip-version-check
CHECK  := $(PIP) check || { echo "The constraints lack something that pyproject.toml requires: run make constraints" >&2; exit 1; }
# A process for each core: threads within a product of matrices would wait for each other, which
# takes many times what the product does.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# The quick suite, which the worked examples in CONTRIBUTING.md must also pass.
QUICK := tests/test_config.py tests/test_effects.py tests/test_rules.py tests/test_model.py tests/engine tests/baselines tests/docs/test_reference.py tests/theory/test_clause.py -m "not slow"

.PHONY: help setup demo test test-cluster test-oldest test-next suite quick soak bench browser-setup screenshots figures docs reference levers baselines lint format constraints wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  PYTHON=python3.12   the interpreter to use (default: the first found of $(PYTHONS))'
	@echo '  ARGS="..."          extra arguments for the demo or the tests'

setup: $(READY) ## create .venv with all dependencies (the other targets do this themselves)

$(RUNS): pyproject.toml constraints-run.txt
	@$(if $(PYTHON),:,tools/find-python $(PYTHONS))
	@$(if $(filter $(VERSION),$(PYTHONS)),:,echo "$(PYTHON) is not a Python of version $(PYTHONS)." >&2; exit 1)
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot create a virtual environment: its venv or ensurepip module is missing." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv. Or choose another interpreter: make PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with Python $(VERSION): a minute, once."
	@ls $@ >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --no-compile --require-hashes -r constraints-run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(CHECK)
	@$(BIN)/truce-sim sweep --dry-run >/dev/null
	@touch $@

$(READY): $(RUNS) constraints.txt
	@echo "Adding what the tests, the viewer and the analysis need: a minute, once."
	@$(PIP) install --no-compile --require-hashes -r constraints.txt
	@$(CHECK)
	@$(BIN)/python -c 'from truce_sim.model.rules import rules; rules()'
	@touch $@

demo: $(RUNS) ## run the main study: does mediation help the truce hold? (under a minute once set up)
	@$(BIN)/truce-sim sweep +experiment=doha $(ARGS)

test: browser-setup suite ## run all tests (on the oldest Python and libraries: make test-oldest)

suite: $(READY) ## the same without installing a browser
	@echo "Tests on Python $(VERSION)"
	@$(PYTEST) $(ARGS)

quick: lint ## run lint and the tests of configuration, rules and baselines (three minutes)
	@$(PYTEST) $(QUICK) $(ARGS)

test-cluster: $(READY) ## test sweeps on SLURM (one local node), Dask and joblib, including killed jobs
	@tools/slurm-packages
	@$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

test-oldest: ## test the lowest version of every direct dependency, on Python 3.11
	@tools/test-releases oldest $(ARGS)

test-next: ## test the newest pre-releases of Mesa and Hydra (docs/releases.md)
	@tools/test-releases next $(ARGS)

soak: $(READY) ## kill commands on sweeps 500 times at random moments (ten minutes)
	@TRUCE_SIM_KILLS=500 $(BIN)/python -m pytest tests/sweeps/test_kills.py -s $(ARGS)

bench: browser-setup $(READY) ## measure speed and memory, as figures and as ratios to one run (40 minutes)
	@$(BIN)/python tests/bench/bench.py
	@$(BIN)/python tests/bench/bench_engine.py
	@$(BIN)/python tests/bench/bench_start.py
	@$(BIN)/python tests/bench/bench_analysis.py
	@$(BIN)/python tests/bench/bench_viewer.py
	@$(BIN)/python -W ignore tests/bench/bench_search.py

browser-setup: $(READY) ## install Chromium, which the viewer's tests and pictures need (Debian's package)
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "Installing chromium with apt-get."; \
	    apt-get -qq update >/dev/null && \
	    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; \
	  else \
	    echo "The viewer's tests need Chromium. On Debian: sudo apt-get install chromium" >&2; \
	    test -z "$$CI"; \
	  fi; }

screenshots: browser-setup ## retake the pictures of the viewer and a report in docs/figures
	@$(BIN)/python tools/screenshots.py $(ARGS)

figures: $(READY) ## redraw the documentation's diagrams: the model, the rooms
	@$(BIN)/python tools/diagrams.py
	@$(BIN)/python tools/house.py

docs: reference ## build the documentation as a site that opens offline: site/index.html
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --clean
	@echo "Open site/index.html"

reference: $(READY) ## rewrite the generated parts of the documentation: commands, settings, columns, rooms
	@$(BIN)/python tools/reference.py

levers: $(READY) ## write anew how much each setting moves the length of truces (docs/levers.md)
	@$(BIN)/python -W ignore tools/levers.py $(ARGS)

baselines: $(READY) ## store the outcomes of the current rules as this version's baselines
	@PYTHONPATH=tests $(BIN)/python -m baselines.frozen

lint: $(READY) ## run ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## format the sources with ruff
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

constraints: ## resolve the dependencies into both lists again (for all Pythons and systems)
	@tools/constraints $(PYTHON)

wheel: $(READY) ## build the source archive and, from it, the wheel into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@ls -1 dist

clean: ## remove environments, caches and dist/ (results in outputs/ and multirun/ stay)
	@rm -rf .venv .venv-oldest .venv-next dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
