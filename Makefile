# Every target works in a fresh clone: what is missing is installed first, into .venv.
# Another interpreter: make setup PYTHON=/path/to/python3.12

# Compiled modules are kept, whatever the machine's habit: the suite starts hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?=
SEED ?=
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11)
UV_COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench fire stress-refresh lock

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Build .venv from the hashed lock (again only when lock or pyproject changed)

$(READY): requirements-dev.lock pyproject.toml
	@for python in $(CANDIDATES); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			"$$python" -m venv $(VENV) && exit 0; \
			echo "$$python cannot make a virtual environment (on Debian: apt install python3-venv)." >&2; \
			exit 1; \
		fi; \
	done; \
	echo "Monitr needs Python 3.11 or newer, and none of these is: $(CANDIDATES)." >&2; \
	echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Connect, select, import and prove, against the stand-in providers
	$(BIN)/monitr demo --headless

test: setup ## The suite, in random order (the same order again: make test SEED=...)
	MONITR_TEST_SEED=$(SEED) $(BIN)/pytest -n $(WORKERS) -m "not fire and not live"

check: setup ## Format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: setup ## Measure: one line "name value target" each
	$(BIN)/python -m bench

fire: setup ## Long proofs: kills, the wheel in an empty environment
	MONITR_TEST_SEED=$(SEED) $(BIN)/pytest -n $(WORKERS) -m "fire and not live"

stress-refresh: setup ## 200 callers, 8 processes, one token, and the winner killed at each step
	$(BIN)/python -m bench stress_refresh

lock: setup ## Resolve both lock files anew
	$(UV_COMPILE) -o requirements.lock
	$(UV_COMPILE) --group pyproject.toml:dev -o requirements-dev.lock
