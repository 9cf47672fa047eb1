# truce_sim: `make demo` runs the main study, `make test` runs everything.
# Each target sets itself up: .venv is made once, and brought up to date when dependencies change.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV    ?= .venv
OTHER   := .venv-other
WORKERS ?= logical
ARGS    ?=
SELECT  :=

# Both are empty where no interpreter is found; the set-up then says what is missing.
ifeq ($(PYTHON),)
PYTHON := $(shell tools/find-python 3.13 3.12 3.11 2>/dev/null)
endif
ifneq ($(PYTHON),)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif

# Bytecode is kept where a library is imported first; compiling all of them takes half a minute.
unexport PYTHONDONTWRITEBYTECODE

# The stamp carries the version, so that another PYTHON makes the environment anew.
READY  := $(VENV)/.ready-$(VERSION)
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip -qq --no-input --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# What the second interpreter runs: all but what is slow, the wheel, the theory, whose compiled
# rules are the same, and the analysis but for its commands. Everything: make test OTHER_TESTS=
OTHER_TESTS ?= -m "not slow and not packaging and not cluster" --ignore tests/theory \
  --ignore tests/analysis --ignore tests/browser/test_report.py

# The quick suite, which the worked examples of CONTRIBUTING.md must pass as well.
QUICK := tests/test_config.py tests/test_model.py tests/engine tests/baselines tests/docs/test_reference.py tests/theory/test_clause.py -m "not slow"

.PHONY: help setup demo test test-cluster test-oldest test-next suite quick bench browser-setup screenshots figures docs reference baselines lint format constraints wheel clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  PYTHON=python3.12   the interpreter to use (default: the newest of 3.11 to 3.13)'
	@echo '  ARGS="..."          more arguments for the demo or the tests'

setup: $(READY) ## make .venv with everything in it (the other targets do so by themselves)

$(READY): pyproject.toml constraints.txt
	@$(if $(PYTHON),:,tools/find-python 3.13 3.12 3.11)
	@case "$(VERSION)" in 3.11|3.12|3.13) ;; \
	  *) echo "$(PYTHON) is no Python of version 3.11, 3.12 or 3.13." >&2; exit 1 ;; esac
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment: its venv or ensurepip module is missing." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv. Or choose another: make PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with Python $(VERSION): a minute or two, once."
	@ls $(VENV)/.ready-$(VERSION) >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --no-compile --require-hashes -r constraints.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(PIP) check || { echo "constraints.txt lacks something that pyproject.toml asks for: make constraints" >&2; exit 1; }
	@touch $@

demo: $(READY) ## the main study: does mediation hold the truce? (under a minute once set up)
	@$(BIN)/truce-sim sweep +experiment=doha $(ARGS)

test: browser-setup suite ## all tests, on the second Python too where there is one
	@other=$$(tools/find-python $(filter-out $(VERSION),3.13 3.11) 2>/dev/null); \
	if [ -n "$$other" ]; then \
	  $(MAKE) --no-print-directory suite PYTHON="$$other" VENV=$(OTHER) SELECT='$(OTHER_TESTS)'; \
	else \
	  echo "No second Python (3.11 or 3.13) is here: tested on $(VERSION) only."; \
	fi

suite: $(READY) ## all tests, on one Python
	@echo "Tests on Python $(VERSION)"
	@$(PYTEST) $(SELECT) $(ARGS)

quick: lint ## lint, and the tests of configuration, rules and baselines (three minutes)
	@$(PYTEST) $(QUICK) $(ARGS)

test-cluster: $(READY) ## sweeps on SLURM (one node, here), Dask and joblib, jobs killed and all
	@tools/slurm-packages
	@$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

test-oldest: ## a chosen suite with the lowest version of every direct dependency, on Python 3.11
	@tools/test-releases oldest $(ARGS)

test-next: ## the same with the newest pre-releases of Mesa and Hydra (docs/releases.md)
	@tools/test-releases next $(ARGS)

bench: browser-setup $(READY) ## speed and memory, as figures and ratios of one run (20 minutes)
	@$(BIN)/python tests/bench/bench.py
	@$(BIN)/python tests/bench/bench_analysis.py
	@$(BIN)/python tests/bench/bench_viewer.py

browser-setup: $(READY) ## Chromium, which the viewer's tests and pictures need (Debian's package)
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "Installing chromium with apt-get."; \
	    apt-get -qq update >/dev/null && \
	    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; \
	  else \
	    echo "The viewer's tests need Chromium. On Debian: sudo apt-get install chromium" >&2; \
	    test -z "$$CI"; \
	  fi; }

screenshots: browser-setup ## pictures of the viewer and a report in docs/figures, taken anew
	@$(BIN)/python tools/screenshots.py $(ARGS)

figures: $(READY) ## draw the diagrams of the documentation anew: the model, the rooms
	@$(BIN)/python tools/diagrams.py
	@$(BIN)/python tools/house.py

docs: reference ## the documentation as a site: site/index.html, which opens without a network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --clean
	@echo "Open site/index.html"

reference: $(READY) ## write the generated parts of the documentation anew: commands, settings, rooms
	@$(BIN)/python tools/reference.py

baselines: $(READY) ## keep the outcomes that the rules give now as those of this version
	@PYTHONPATH=tests $(BIN)/python -m baselines.frozen

lint: $(READY) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## put the sources into shape, with ruff
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

constraints: ## resolve the dependencies anew into constraints.txt (for all Pythons and systems)
	@tools/constraints $(PYTHON)

wheel: $(READY) ## dist/: the source archive, and the wheel built from it
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@ls -1 dist

clean: ## remove environments, caches and dist/ (results in outputs/ and multirun/ stay)
	@rm -rf .venv $(OTHER) .venv-oldest .venv-next dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
