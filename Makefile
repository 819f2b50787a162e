# Every target works on a fresh clone: the virtual environment is made on first use.
# PYTHON chooses the interpreter: make test PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
RECORD := build/wire.json

.DEFAULT_GOAL := help
.PHONY: help sdk-manifest sdk-diff sdk-gen-python sdk-gen-check sdk-health test test-python lint typecheck demo bench build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

sdk-manifest: $(READY) ## follow the server: merge its routes into manifest.json (SERVER=, PRUNE=1, DRY_RUN=1)
	@$(BIN)/python -m codegen pull $(if $(SERVER),--server $(SERVER)) $(if $(PRUNE),--prune) \
		$(if $(DRY_RUN),--dry-run)

sdk-diff: $(READY) ## say what breaks since BASE, a git revision or a manifest (FLAGS=--json, --markdown, …)
	@$(BIN)/python -m codegen diff $(FLAGS) $(or $(BASE),HEAD) manifest.json

sdk-gen-python: $(READY) ## regenerate the client from manifest.json
	$(BIN)/python -m codegen generate
	$(BIN)/python -m ironflow._cli.docs

sdk-gen-check: $(READY) ## say nothing when the generated files are current, else show how they differ
	@$(BIN)/python -m codegen check
	@$(BIN)/python -m ironflow._cli.docs --check

sdk-health: $(READY) $(RECORD) ## report what of the API is covered, documented, typed and tested (HTML=1 or a file)
	@$(BIN)/python -m codegen health --record $(RECORD) --json sdk-health.json \
		$(if $(HTML),--html $(if $(filter 1,$(HTML)),build/health.html,$(HTML)))

test: test-python ## run the tests

test-python: $(READY) ## run the tests (the name in the SDK document)
	$(BIN)/python -m pytest

lint: $(READY) ## check style and formatting, generated files included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

typecheck: $(READY) ## check types with mypy --strict and pyright
	$(BIN)/mypy
	$(BIN)/pyright

demo: ## regenerate the client, compare it, run the quick start on a local server
	@PYTHONPATH=. $(PYTHON) examples/demo.py

bench: $(READY) ## measure against other clients, side by side (needs nginx and openssl)
	$(BIN)/python -m bench

build: $(READY) ## build the wheel and the sdist into dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

clean: ## remove the virtual environment and everything that was made
	rm -rf $(VENV) .venvs build dist sdk-health.json .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the tests saw on the wire; made anew when the client or the tests have changed since.
$(RECORD): $(READY) manifest.json ironflow/client.py $(shell find tests -name "*.py")
	$(BIN)/python -m pytest --quiet
