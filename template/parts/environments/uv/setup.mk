# The interpreter of the environment; another one: make train PYTHON=python3
PYTHON = $(eval PYTHON := $(call ready,.venv,pyproject.toml)uv run --no-sync python)$(PYTHON)

setup:  ## Install the project and its packages into .venv
	@command -v uv >/dev/null || { echo "uv was not found; README.md tells how to install it" >&2; exit 1; }
	uv sync --all-extras
	@cksum < pyproject.toml > .venv/setup.sum
