# Every target works on a fresh clone with git, make and Python 3.11 or newer. `make` lists them.

# The first of these that runs and is new enough; or `make PYTHON=/path/to/python ...`.
ifndef PYTHON
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
endif
VENV := .venv/bin/python
# Fresh PostgreSQL and Valkey for one command, gone with it.
WITH_SERVERS := $(VENV) -m possys.embedded exec --
# The whole suite in two halves side by side; what ARGS chooses of it, in one process.
TEST = $(if $(ARGS),$(WITH_SERVERS) $(VENV) -m pytest $(ARGS),$(VENV) -m tests.halves)

# Each translation's compiled form, made anew when its source is newer.
TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.DEFAULT_GOAL := help
.PHONY: help run manage test check lint bench fault fuzz audit messages requirements clean setup environment

help: ## list the targets
	@echo "Targets:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' Makefile | while IFS=@ read -r name text; do printf '%-20s %s\n' "$$name" "$$text"; done

run: setup ## the whole system with demo data and real baskets; Ctrl-C stops it (PORT=8000 WEEKS=53)
	@$(VENV) -m possys.embedded run

manage: setup ## a management command on those servers (ARGS="health")
	@$(VENV) -m possys.embedded manage -- $(ARGS)

test: setup ## the whole suite on servers of its own (ARGS="-k name")
	@$(TEST)

check: lint ## what CI runs: lint, missing migrations, the whole suite
	@$(WITH_SERVERS) $(VENV) manage.py makemigrations --check --dry-run
	@$(TEST)

lint: setup ## format, rules, types, import contracts
	@$(VENV) -m ruff format --check .
	@$(VENV) -m ruff check .
	@$(VENV) -m mypy
	@$(VENV) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

bench: setup ## measure the speed of the whole path
	@$(VENV) -m benchmarks $(ARGS)

fault: setup ## kill everything under traffic, then reconcile
	@$(VENV) -m tests.fault $(ARGS)

fuzz: setup ## foreign bytes and the API, at length (docs/fuzzing.md; ARGS="--seconds 60 sale")
	@$(WITH_SERVERS) $(VENV) -m tests.fuzz $(ARGS)

# Without a network to an advisory service this fails: nothing that was not looked up counts as clean.
audit: setup ## bandit over our own code, pip-audit over what is pinned (ARGS="--vulnerability-service osv")
	@$(VENV) -m bandit --quiet --recursive --configfile pyproject.toml $(OWN_CODE)
	@for file in requirements.txt requirements-dev.txt; do \
		$(VENV) -m pip_audit --strict --disable-pip --require-hashes --requirement $$file $(ARGS) || exit 1; done

OWN_CODE := accounting analytics audit clients/python/src deploy findings fleet ledger lottery portal possys receipts \
	static status transactions warehouse

messages: setup ## find the texts of the customer's pages for translating, and compile (docs/translating.md)
	@$(VENV) manage.py messages

PIN := CUSTOM_COMPILE_COMMAND="make requirements" $(VENV) -m piptools compile --quiet --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe $(ARGS)
requirements: setup ## pin requirements.txt and requirements-dev.txt again (ARGS=--upgrade for the newest)
	@$(PIN) --output-file=requirements.txt requirements.in
	@$(PIN) --output-file=requirements-dev.txt requirements-dev.in

clean: ## remove the virtual environment, caches and all local data
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: environment $(TRANSLATIONS)

environment:
ifeq ($(strip $(PYTHON)),)
	@echo "No Python 3.11 or newer. Install it (Debian 12, Ubuntu: apt-get install python3.11 python3.11-venv)," >&2
	@echo "or name it: make PYTHON=/path/to/python run" >&2
	@exit 1
endif
	@$(PYTHON) possys/embedded/bootstrap.py

locale/%.mo: locale/%.po | environment
	@$(VENV) manage.py messages --compile
