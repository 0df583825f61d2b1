# `make run` opens the lab, `make workshop` opens it to a room, `make test` checks it; all set up what is missing first.

PYTHON ?= python3
SETUP = $(PYTHON) scripts/setup.py
BIN = .venv/bin
# Tests run in so many processes; each may take 2 GB. Those in a browser follow one by one: they measure delays.
TEST_PROCESSES ?= 2

.PHONY: run workshop test check setup requirements lint bench clean

run:
	@$(SETUP) run

# Pages for a room: everybody gets a space by a code. LOOPBACK=1 binds this machine only.
workshop:
	@$(SETUP) workshop $(if $(LOOPBACK),--loopback)

test:
	@$(SETUP) test
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --ignore=tests/e2e
	$(BIN)/python -m pytest tests/e2e
	cd firmware/virtual_board && PATH="$(CURDIR)/$(BIN):$$PATH" npm test --silent

setup:
	@$(SETUP) all

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test

# Pins every direct and indirect dependency anew, for Python 3.11 to 3.13.
requirements:
	@$(SETUP) uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --prerelease if-necessary-or-explicit requirements-dev.in -o requirements-dev.txt

# The figures of the README: features, what the detector hears, cycles and bytes on the virtual board, an hour row by row (ten minutes).
bench:
	@$(BIN)/python -m lab bench features
	@$(BIN)/python -m lab bench alarm
	@$(BIN)/python -m lab bench device
	@$(BIN)/python -m lab bench streaming
	@$(BIN)/python -m lab bench app

clean:
	rm -rf .venv build firmware/virtual_board/build firmware/virtual_board/node_modules
