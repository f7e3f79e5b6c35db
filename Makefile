# What a newcomer needs: `make demo` and `make test`. Each sets up all it needs in .venv and does its job.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
# Python keeps what it compiled: without that, every worker a test starts compiles numpy and scipy once more.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: demo test check mypy pyright bench soak rule-examples pictures report-picture account-pictures account-demo format lock reapack-index system-packages dist clean help

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

# The locks are complete, so nothing is resolved (--no-deps) and every hash is checked. uv unpacks them in seconds where pip
# takes minutes; pip stands behind it for machines where only pip knows the way to the packages (a mirror in pip.conf).
UNRESOLVED := --quiet --no-deps --require-hashes
install = $(BIN)/uv pip install --python $(BIN)/python $(UNRESOLVED) -r $(1) || \
          $(BIN)/python -m pip install --disable-pip-version-check --no-compile $(UNRESOLVED) -r $(1)

$(VENV)/runtime.stamp: requirements/installer.txt requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "UpTrack needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check $(UNRESOLVED) -r requirements/installer.txt
	$(call install,requirements/runtime.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/runtime.stamp requirements/dev.txt
	$(call install,requirements/dev.txt)
	@touch $@

demo: $(VENV)/runtime.stamp ## set up, then synthesise a mix, analyse it as two DAWs would, show the markers
	$(BIN)/uptrack demo

test: $(VENV)/dev.stamp system-packages ## set up, then run every test (fuzz and fault runs at a few per cent)
	$(PYTEST) -q -n auto --dist loadgroup

soak: $(VENV)/dev.stamp system-packages ## the full counts of fuzz, fault and endurance runs
	UPTRACK_SOAK=1 $(PYTEST) -q -n auto --dist loadgroup -m soak

check: $(VENV)/dev.stamp ## format, lint, types, import contracts, dead links, lock files, ReaPack's index
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_links.py
	$(BIN)/python scripts/check_locks.py
	$(BIN)/python scripts/reapack_index.py --check
	@$(MAKE) --no-print-directory --jobs 2 mypy pyright

# The two type checkers take minutes each and one processor each: side by side.
mypy pyright: $(VENV)/dev.stamp
	$(BIN)/$@

bench: $(VENV)/dev.stamp system-packages ## measure speed beside peers on one 4:30 track, what judging adds, and guesses at the genre, what a hosted account bears
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/judging.py
	$(BIN)/python benchmarks/genre.py
	PYTHONPATH=tests $(BIN)/python benchmarks/account_load.py

rule-examples: $(VENV)/dev.stamp system-packages ## write what `uptrack rules show` gives as examples again, from the rules' own tests
	$(BIN)/python scripts/rule_examples.py

pictures: $(VENV)/dev.stamp ## draw REAPER's results window for the documentation, by its own scripts
	PYTHONPATH=tests $(BIN)/python scripts/draw_reaper_window.py

report-picture: $(VENV)/dev.stamp ## draw the page of the demo's report for the README; takes chromium
	$(BIN)/python scripts/draw_report_page.py

account-pictures: $(VENV)/dev.stamp ## draw pages of the hosted account for its documentation; takes chromium
	PYTHONPATH=tests $(BIN)/python scripts/draw_account_pages.py

account-demo: $(VENV)/dev.stamp system-packages ## serve an account, link a machine, and see a DAW's report arrive there, in Chromium
	PYTHONPATH=tests $(BIN)/python scripts/account_demo.py $(if $(PICTURE),--picture '$(PICTURE)') $(if $(STAY),--stay)

format: $(VENV)/dev.stamp ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/dev.stamp ## resolve the locks again from pyproject.toml
	scripts/lock

# Where the scripts will be served from; without it, the script's own constant. It may hold {version}.
REAPACK_BASE ?=

reapack-index: ## write reaper_scripts/index.xml, which ReaPack reads, from the headers of the scripts
	$(PYTHON) scripts/reapack_index.py $(if $(REAPACK_BASE),--base '$(REAPACK_BASE)')

system-packages:
	@scripts/install-system-packages

dist: $(VENV)/dev.stamp ## build wheel and sdist into dist/
	$(BIN)/python -m hatchling build

clean:
	rm -rf $(VENV) .cache dist
