# make run: serve the demo company · make test: everything that must hold · make bench: the figures · make check: lint and types
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# node comes from PyPI where the machine has none that is new enough
EXTRAS := test$(shell node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null || echo ,build)
export MYPYPATH := .dev

.PHONY: help run test quick check bench front wheel screenshots clean
help:
	@grep -E '^# make' Makefile | sed 's/^# //; s/ · /\n/g'

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Signoff needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@mkdir -p .dev && ln -sfn .. .dev/signoff
	@touch $(READY)

# The script itself sees whether anything changed.
front: $(READY)
	@$(BIN)/python static/build.py
	@$(BIN)/python tools/catalogues.py

run: front
	$(BIN)/signoff demo $(ARGS)

check: front
	@rm -rf build # a wheel's copy of the package, which mypy would read as well
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p signoff
	$(BIN)/python static/build.py --check

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The tests without the browser and without lint, for work on one floor: make quick ARGS=tests/flows
quick: $(READY)
	$(BIN)/python -m pytest -m 'not browser' $(ARGS)

bench: front
	@$(BIN)/python -c 'import SpiffWorkflow' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]' || echo "SpiffWorkflow could not be installed: the engine is measured alone."
	$(BIN)/python -m tests.bench $(ARGS)

wheel: front
	$(BIN)/python -m build --wheel --outdir var/wheel .

screenshots: front
	$(BIN)/python -m tests.web.screenshots $(ARGS)

clean:
	rm -rf $(VENV) .dev node_modules static/dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
