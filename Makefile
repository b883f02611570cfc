# One environment in .venv holds the command, the tests and everything that rendered projects use.
PYTHON ?= python3
BIN := .venv/bin
PARTS := $(shell find template/parts -name deps.txt -not -path "*/gpu/*")
export UV_COMPILE_BYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: demo setup test test-matrix test-lowest lint format bench endure results help

demo:  ## Render a project, set it up, train it, and ask its service for a prediction
demo: $(BIN)/mlscaffold
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/demo.py build/demo

setup: .venv/ready  ## Install what the tests need

test: .venv/ready build/checkov/ready lint  ## Install what the tests need, and run them
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(FLAGS)

test-matrix: .venv/ready  ## Prove every file, render every three answers together, run every code tree
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --whole-matrix tests/template $(FLAGS)

test-lowest: $(BIN)/mlscaffold build/requirements.txt  ## Run rendered projects with the lowest versions they allow
	$(BIN)/uv venv --quiet --clear build/lowest
	$(BIN)/uv pip install --quiet --python build/lowest/bin/python --resolution lowest-direct \
		--requirements build/requirements.txt
	rm -rf build/lowest-projects
	for task in classification regression clustering; do \
		$(BIN)/mlscaffold new build/lowest-projects/$$task --set task=$$task --defaults --no-git || exit 1; \
		( cd build/lowest-projects/$$task && make test lint PYTHON=../../lowest/bin/python ) || exit 1; \
	done

lint: .venv/ready  ## Check style, formatting and types of the command, the tests and the parts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/ready  ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/ready build/rivals/ready  ## Measure speed side by side, and print ratios
	$(BIN)/python -m benchmarks

endure: .venv/ready  ## Load a service for ten minutes; no error, no growth
	$(BIN)/python -m benchmarks.endurance $(FLAGS)

results: .venv/ready  ## Train, ship and serve every task with every framework; writes docs/results.md
	$(BIN)/python -m benchmarks.table $(FLAGS)

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.13,<0.14"

$(BIN)/mlscaffold: $(BIN)/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable .
	@touch $@

build/requirements.txt: $(PARTS)
	@mkdir -p build
	awk '!/^#/ && NF {print $$2}' $(PARTS) | sort --unique > $@

# What the service is compared with, beside what the trained pipeline needs.
build/rivals/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear build/rivals
	$(BIN)/uv pip install --quiet --python build/rivals/bin/python "mlflow>=3.17,<4" "bentoml>=1.4,<2" \
		onnxruntime pandas pydantic-settings pyyaml scikit-learn setuptools skops typer
	@touch $@

# Its packages would change the versions of many others.
build/checkov/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear build/checkov
	$(BIN)/uv pip install --quiet --python build/checkov/bin/python "checkov>=3.3,<4"
	@touch $@

.venv/ready: $(BIN)/mlscaffold build/requirements.txt scripts/gitlab_tools.sh
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group test --requirements build/requirements.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/gitlab_tools.sh build/gitlab
	@touch $@
