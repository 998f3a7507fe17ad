# All that is needed: Python 3.11 to 3.14 with its venv module, make, and a C compiler where a wheel is missing.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
BIN := .venv/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-nightly test-portable lint style types pytest docs dist bench clean
.DELETE_ON_ERROR:

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: .venv/.installed-all  ## fit models to eight data sets and write a page about each to demo/
	$(BIN)/latently demo --out demo --force

test: style  ## check the style, the types and the imports, and run every test, docstring and page
	@$(MAKE) --no-print-directory --jobs 2 types pytest

test-nightly: .venv/.installed-dev  ## run the simulations that take long: what make test repeats a few times, many times
	$(BIN)/pytest -n 2 -m slow --hypothesis-profile searching

test-portable: .venv/.installed-dev  ## run the tests with kernels compiled for any processor of this kind
	NUMBA_CPU_NAME=generic $(BIN)/pytest -n 2

lint: style types  ## check the style, the types and the imports

style: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: .venv/.installed-dev
	$(BIN)/mypy src/latently

pytest: .venv/.installed-dev
	$(BIN)/pytest -n 2

docs: .venv/.installed-dev  ## build the documentation in docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --keep-going --jobs 2 -b html docs docs/_build/html

dist: .venv/.installed-dev  ## build what is released, and run the demonstration from it in an empty environment
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m venv dist/empty
	dist/empty/bin/python -m pip install --quiet "$$(echo dist/*.whl)[cli]"
	cd dist && empty/bin/latently demo

bench: .venv/.installed-all,bench  ## measure speed and accuracy beside other libraries
	$(BIN)/python -m benchmarks

clean:  ## remove what the other targets wrote, except .venv
	rm -rf demo dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests docs -name __pycache__ -prune -exec rm -rf {} +

# A stamp for each set of extras: what is asked for is installed once, and again when pyproject.toml changes.
.venv/.installed-%: pyproject.toml .venv/.created
	@echo "Installing latently[$*] into .venv"
	@$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@

.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "latently needs Python 3.11 to 3.14, and '$(PYTHON)' is not: try make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "'$(PYTHON)' has no venv module: install it (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@
