{% from "template/lib/slot.jinja" import extras, gather with context %}
# The interpreter of the environment; another one: make train PYTHON=python3
PYTHON = $(eval PYTHON := $(call ready,.venv,pyproject.toml).venv/bin/python)$(PYTHON)
{{ gather("pip.mk") -}}
# The first of these that is 3.11 or later makes the environment.
BASES = python{{ python_version }} python3 python3.14 python3.13 python3.12 python3.11 python

setup: .venv/bin/pip  ## Install the project and its packages into .venv
	.venv/bin/python -m pip install --editable ".[{{ extras() }}]"
	@cksum < pyproject.toml > .venv/setup.sum

.venv/bin/pip:
	@for base in $(BASES); do \
		if $$base -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$base -m venv .venv"; \
			exec $$base -m venv .venv; \
		fi; \
	done; \
	echo "Python 3.11 or later was not found; README.md tells where to get it" >&2; \
	exit 1
