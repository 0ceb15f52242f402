# Everything needs only make and Python 3.11 or newer; git, uv, docker and a database server are not needed.

VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.installed
# The first of these that exists, is new enough and can make environments.
CANDIDATES := python3.13 python3.12 python3.11 python3
FIND_PYTHON = for candidate in $(CANDIDATES); do \
	if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$candidate; break; fi; done
# Options for the command, e.g. make up ARGS="--port 9000 --no-demo" or make test ARGS="tests/db -x".
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help up test static check format lock wheel clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name what; do \
		printf '  %-14s %s\n' "$$name" "$$what"; done

up: $(READY) ## start the whole platform: database, schema, demo, api and worker (Ctrl-C stops it)
	@$(PYTHON) -m caseway.cli up $(ARGS)

test: $(READY) ## run the whole test suite on a throw-away PostgreSQL
	@$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

static: $(READY) ## check format, style, types, layers, the committed GraphQL schema and the migrations
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m caseway.cli schema check
	$(PYTHON) -m caseway.cli schema documents check
	$(PYTHON) -m caseway.cli migrate --check --scratch

check: static test ## everything that must be green: static, then test

format: $(READY) ## put the code into its format
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

wheel: $(READY) ## build the wheel into dist/
	$(PYTHON) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: ## make requirements.lock anew (for maintainers; the only target that needs uv)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url \
		--python-version 3.11 -o requirements.lock

clean: ## remove the environment and everything built; no data
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
		echo "No usable Python was found (looked for: $(CANDIDATES))." >&2; \
		echo "Install Python 3.11 or newer with its venv module (on Debian and Ubuntu: python3 python3-venv)." >&2; \
		exit 1; fi; \
	if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
		|| ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		echo "Creating $(VENV) with $$($$python --version)"; \
		$$python -m venv --clear $(VENV) || exit 1; fi
	@echo "Installing what the platform needs (once; a minute or two)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
