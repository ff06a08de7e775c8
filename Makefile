# Needs Python 3.11 or newer and the package index; everything is installed into .venv.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(if $(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes),$(name))))
BIN := .venv/bin
# The locks name hashes and no addresses: packages come from wherever pip is set up to look.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check fmt soak prove prove-long bench clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

demo: .venv/run  ## run a campaign from samples/leads.csv against the built-in simulator: nobody is called
	@rm -rf .demo && mkdir .demo
	$(BIN)/campaign run samples/leads.csv --simulate --db .demo/campaign.db

test: check  ## everything that must hold: style, types, walls, then the tests
	@$(BIN)/python -m compileall -q campaign tests  # the tests start many processes
	@# The files in their order: those that wait for real seconds first, so that none of them is left over at the end.
	@# pytest keeps the tests as it reads them; without that, each of the processes reads all of them anew every time.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder

check: .venv/develop  ## style, types and walls only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: .venv/develop  ## put the code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

soak: .venv/develop  ## the long tests: 2,000 leads of mixed fate, kills, leaks of secrets
	$(BIN)/python -m pytest -m soak --timeout 900 -s

prove: .venv/develop  ## the proof of the promise (docs/guarantee.md): a quarter of an hour; needs strace
	$(BIN)/python -m tests.prove

prove-long: .venv/develop  ## the same for hours, before a release
	$(BIN)/python -m tests.prove --long

bench: .venv/develop  ## measure, side by side in one run (benchmarks/README.md)
	$(BIN)/python -m benchmarks

clean:  ## remove everything that was made here, databases of campaigns excepted
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python:
	$(if $(PYTHON),,$(error Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3))
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run: requirements/run.txt pyproject.toml | .venv/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/develop: requirements/develop.txt .venv/run
	$(PIP) install --require-hashes -r requirements/develop.txt
	@touch $@
