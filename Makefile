# Two commands for a new user: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

env: $(STAMP) ## make the environment in .venv

run: env ## run all DAGs over the sample newsroom, and show what came out
	@$(BIN)/python dags/_local/run_once.py

airflow: env ## open the Airflow UI on the data of `make run`; Ctrl-C ends it
	@$(BIN)/python dags/_local/serve.py

serve: env ## open the search page on the data of `make run`; Ctrl-C ends it
	@$(BIN)/news serve

test: env check ## run every check and every test
	$(BIN)/python -m pytest -n auto --dist loadgroup

crash: env ## kill everything everywhere, for a quarter of an hour
	NEWS_CRASH_ALL=1 NEWS_REQUIRE_SERVERS=1 $(BIN)/python -m pytest tests/crash tests/services/test_elasticsearch_writing.py -n auto --dist loadgroup

quality: env ## read the sample pages, and print how well each field came out; PAGES= names other folders
	PYTHONPATH=. $(BIN)/python benchmarks/quality.py $(or $(PAGES),../shared/samples/html)

check: env ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

lock: env ## pin every package again
	$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --universal --generate-hashes \
	  --python-version 3.11 --custom-compile-command 'make lock' --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml docker/requirements.in --quiet --universal --generate-hashes \
	  --python-version 3.11 --constraints requirements.lock --custom-compile-command 'make lock' \
	  -o docker/requirements.lock
	$(BIN)/uv pip compile requirements-uv.in --quiet --universal --generate-hashes \
	  --python-version 3.11 --custom-compile-command 'make lock' --upgrade -o requirements-uv.lock

clean: ## remove the data of `make run` and the environment
	rm -rf data $(VENV)

.PHONY: help env run airflow serve test crash quality check lock clean
