# The interpreter of the environment; another one: make train PYTHON=python3
PYTHON = $(eval PYTHON := $(call ready,.conda,environment.yml).conda/bin/python)$(PYTHON)
# The first of the three that is there makes the environment; they differ in two words.
MANAGER := $(shell for name in mamba micromamba conda; do command -v $$name && break; done)
CREATE = $(if $(filter %micromamba,$(MANAGER)),create,env create)
UPDATE = $(if $(filter %micromamba,$(MANAGER)),install,env update --prune)
export CONDA_ALWAYS_YES = true
export MAMBA_ALWAYS_YES = true

setup:  ## Install the project and its packages into .conda
	@test -n "$(MANAGER)" || { echo "mamba, micromamba and conda were not found; README.md tells where to get one" >&2; exit 1; }
	$(MANAGER) $(if $(wildcard .conda/conda-meta/history),$(UPDATE),$(CREATE)) --prefix ./.conda --file environment.yml
	.conda/bin/python -m pip install --no-deps --no-build-isolation --editable .
	@cksum < environment.yml > .conda/setup.sum
