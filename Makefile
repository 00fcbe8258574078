# `make demo` and `make test` each make .venv if it is missing, install what they need, and run.

PYTHON ?= python3
BIN := .venv/bin
# Tests start hundreds of processes, each of which would compile anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types unit figures release audit clean

demo: .venv/installed-train
	$(BIN)/edge-cifar demo

# The types beside the tests, which wait for processes, clocks and browsers a quarter of their time.
test: lint
	$(MAKE) -j2 types unit

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy reads what ships, the wheel's files, and the studies beside them, which don't. Of an earlier build nothing is left.
types: .venv/installed-dev
	rm -rf build
	$(BIN)/pip install --quiet --no-deps --target build/site .
	cp -R benchmarks/. build/site/edge_cifar/benchmarks
	MYPYPATH=build/site $(BIN)/mypy -p edge_cifar

# A process for each core, so each with one thread: tiny nets gain nothing from more.
unit: .venv/installed-dev .venv/npm-packages
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

# The documents' pictures and tables from benchmarks/results, and the cards of the nets.
figures: .venv/installed-dev
	$(BIN)/python -m edge_cifar.benchmarks.publish.figures
	$(BIN)/python -m edge_cifar.benchmarks.publish.model_cards

# What is handed out of the commit that is checked out, into dist/ (CONTRIBUTING.md, "A release").
release: .venv/installed-dev .venv/installed-release
	$(BIN)/python -m edge_cifar.benchmarks.release

# Known faults, and the licences, of what the base install brings. We are on no index, and pip-audit passes what it finds on none:
# without us, and strictly, it fails where it can't ask.
audit: .venv/installed-release
	rm -rf build/base
	$(PYTHON) -m venv --without-pip build/base
	$(BIN)/pip --python build/base/bin/python install --quiet .
	$(BIN)/pip-licenses --python build/base/bin/python --from=mixed
	$(BIN)/pip --python build/base/bin/python uninstall --quiet --yes edge-cifar
	$(BIN)/pip-audit --strict --path $$(echo build/base/lib/python*/site-packages)

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

# For tests in a browser: what runs nets there, and what judges whether everybody can use the page. Without npm they skip.
.venv/npm-packages: .venv/installed-dev Makefile
	-cd .venv && npm pack --silent onnxruntime-web@1.30.0 axe-core@4.14.1
	touch $@

.venv/installed-%: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable '.[$*]'
	touch $@

clean:
	rm -rf .venv build dist demo
