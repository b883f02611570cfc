# Builds for processors alone; without this, Linux gets those for graphics cards, several gigabytes of them.
export PIP_EXTRA_INDEX_URL ?= https://download.pytorch.org/whl/cpu
