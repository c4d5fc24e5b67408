# `make` alone explains the targets. Options for a program go in ARGS: make demo ARGS="--once --json"
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help demo test check browser load bench docs ci clean run-env dev-env core-alone
ARGS ?=
# Processes that run the tests; each has a PostgreSQL of its own.
WORKERS ?= 2
BIN := .venv/bin

help: ## this list
	@echo "Liên Thông. Targets (options in ARGS, as in: make demo ARGS=\"--once --json\"):"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' Makefile | while IFS='	' read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

demo: run-env ## set everything up and run the country on this machine (Ctrl-C stops it)
	@exec $(BIN)/lienthong demo $(ARGS)

test: dev-env ## set everything up and run every test
	@tools/test_tools.sh
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: dev-env core-alone ## format, lint, imports, types, links of the docs, core without Django
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python tools/check_links.py

browser: dev-env ## only the journeys in Chromium
	@tools/test_tools.sh
	$(BIN)/pytest -m browser $(ARGS)

bench: run-env ## packets per second through a running hub, with the machine's physical floor
	@exec $(BIN)/lienthong bench exchange $(ARGS)

load: bench ## the same as bench

docs: dev-env ## check the links of the docs
	$(BIN)/python tools/check_links.py

ci: ## what CI runs
	.ci/run

clean: ## remove the environment, the demo's data and every cache
	rm -rf .venv var dist artefacts .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-env:
	@tools/bootstrap.sh run

dev-env:
	@tools/bootstrap.sh dev

core-alone: dev-env
	@tools/core_alone.sh
