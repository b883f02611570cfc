"""The command that makes and updates machine-learning projects from this repository's Copier template."""
