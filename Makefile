# Every target that runs Python depends on the stamp, so that any of them works in a fresh clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.restow-setup
CLUSTER ?= local
E2E_ARGS ?=
CONFORM_ARGS ?=
IMAGE ?= restow:dev
CONTAINER_ENGINE ?= docker
PLANS ?= 10
SEED ?= 1

.PHONY: help setup lock fmt fmt-check lint types rooms test-unit check generate verify-generated \
	controlplane chart-test e2e whole-plans conform mutants test demo bench image clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with restow and everything to develop it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "restow needs Python 3.11 or newer")'
	@echo "setup: making .venv (about a minute the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "python's venv module is incomplete: install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --group dev --editable .
	@$(BIN)/python -c 'from restow.packing.solve import get_ready; get_ready()'
	@$(BIN)/python -c 'from restow.rescheduling.warming import get_ready; get_ready()'
	@$(BIN)/python -c 'from restow.sharing.warming import get_ready; get_ready()'
	@touch $@

lock: $(STAMP) ## Renew constraints.txt from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group dev \
		--no-annotate --no-header --no-emit-index-url -o constraints.txt pyproject.toml

fmt: $(STAMP) ## Format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix-only .

fmt-check: $(STAMP) ## Check the format
	@$(BIN)/ruff format --quiet --check . || { echo "run 'make fmt'" >&2; exit 1; }

lint: $(STAMP) ## Look for mistakes and bad style
	@test ! -e operator/__init__.py || \
		{ echo "operator/ is a source root: an __init__.py there shadows the standard library" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

types: $(STAMP) ## Check the types (mypy --strict)
	@$(BIN)/mypy

rooms: $(STAMP) ## Check that imports go one way
	@$(BIN)/lint-imports --no-logo

test-unit: $(STAMP) ## Run the unit and property tests; no cluster
	@$(BIN)/python -m pytest -q -m "not cluster" tests/unit tests/property

check: fmt-check lint types rooms verify-generated test-unit ## Everything that needs no cluster

generate: $(STAMP) ## Write the generated files: CRDs and the rendered install
	@$(BIN)/python -m hack.generate

verify-generated: $(STAMP) ## Check that the generated files are up to date
	@$(BIN)/python -m hack.generate --check

controlplane: $(STAMP) ## Build the control plane's binaries into the cache (about 9 minutes, once)
	@$(BIN)/python -m e2e.controlplane.build

chart-test: controlplane ## Test the chart's templates and values
	@$(BIN)/python -m pytest -q tests/chart

e2e: controlplane ## Run contract tests and scenarios; CLUSTER=local|kind|current, E2E_ARGS="-k name"
	@# what the garbage collector finds is told, but not held against the test that happens to run
	@$(BIN)/python -m pytest -v --timeout=300 -W default::pytest.PytestUnraisableExceptionWarning \
		--cluster=$(CLUSTER) $(E2E_ARGS) tests/contract e2e/scenarios

test: ## Everything: check, chart tests, contract tests and scenarios
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory chart-test
	@$(MAKE) --no-print-directory e2e

conform: controlplane ## Compare restow's rules with kube-scheduler; CASES=10000 SEED=1 CONFORM_ARGS=--strict
	@$(BIN)/python -m e2e.conform --cases $(or $(CASES),10000) --seed $(SEED) $(CONFORM_ARGS)

mutants: $(STAMP) ## Plant mistakes in the rules and judge a recording of conform; RECORDING=FILE
	@$(BIN)/python -m e2e.conform.mutants $(RECORDING)

whole-plans: controlplane ## Have plans of random clusters carried out; PLANS=500 SEED=1
	@$(BIN)/python -m e2e.whole_plans --plans=$(PLANS) --seed=$(SEED)

demo: controlplane ## Watch restow make room for a stranded 8-GPU pod, on a cluster of its own
	@$(BIN)/python -m e2e.demo

bench: $(STAMP) ## Run the benchmarks; see benchmarks/
	@$(BIN)/python -m benchmarks.priority_matters

image: ## Build the operator's image; IMAGE=name:tag, CONTAINER_ENGINE=docker|podman
	@$(CONTAINER_ENGINE) build --tag $(IMAGE) .

clean: ## Remove what was made in the tree; the binaries in the cache stay
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
